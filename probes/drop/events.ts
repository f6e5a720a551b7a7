import { z } from "zod";
import { type DecodeContext, defineProbe, emitRow, type Probe, rowWord } from "../../lib/probes/index.js";
import { unixNanoseconds, type Value } from "../../lib/tables/index.js";
import { type DropFilterParameters, dropFilters } from "./filters.js";
import { dropHook, reasonName, reasonNotes } from "./hook.js";
import { drop, dropClause, reasonOfDrop } from "./program.js";
import { etherTypeName, protocolName } from "./protocols.js";

const Parameters = z.strictObject({
  ...dropFilters,
  maxEvents: z.int().min(1).max(10_000_000).default(10_000),
  stacks: z.union([z.boolean().transform((wanted) => (wanted ? 8 : 0)), z.int().min(0).max(64)]).default(0),
});

type Parameters = z.output<typeof Parameters>;

/** What {@link dropEvents} can be asked, beside what every probe can. */
export interface DropEventsParameters extends DropFilterParameters {
  /** Rows at most, 1 to 10,000,000; what the kernel goes on counting beyond is said. Default 10,000. */
  maxEvents?: number | undefined;
  /** Kernel stack with every row, so many functions deep, up to 64; 0 or false for none, true for 8. Default 0. */
  stacks?: boolean | number | undefined;
}

/**
 * Shows the packets that a host's kernel drops, one row each. Every event costs some microseconds on the host: look at
 * {@link dropSummary} first, then here with filters.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `maxEvents` (default 10,000: rows at most); `stacks` (default false; true for the
 * 8 innermost kernel functions, or a number); filters that all have to match: `src`, `dst` (source and
 * destination: address or prefix, IPv4 or IPv6), `ip` (either), `srcPort`, `dstPort`, `port` (either), `protocol`, `device`, `reason` (one or several); `bufferPages` (default 512: 4 KiB pages per CPU between
 * kernel and bpftrace; raise it where events get lost).
 *
 * Columns: `time_ns` (Unix time by the host's clock), `reason`, `site` (kernel function that dropped), `device`, `input_ifindex` (index of
 * the interface it came in on; 0 for the host's own), `ip_version`, `src`, `src_port`, `dst`, `dst_port`, `protocol`,
 * `length_bytes` (of the IP packet by its own header, of the frame where it isn't IP), `cpu`, `process` (what ran on that CPU: often, not
 * always, who sent it), `stack`. null is unknown or absent.
 *
 * Errors: as for every probe, see {@link defineProbe}; `UNKNOWN_DROP_REASON`.
 *
 * @example await dropEvents(host, { seconds: 10, reason: "NO_SOCKET", stacks: true })
 */
export const dropEvents: Probe<DropEventsParameters, "table"> = defineProbe({
  name: "dropEvents",
  shape: "table",
  revision: 1,
  measures: "packets that the kernel dropped, one row each",
  parameters: Parameters,
  hooks: { required: [dropHook] },
  upTo: "drops",
  summary: "dropSummary",
  columns: [
    {
      name: "time_ns",
      type: "BIGINT",
      unit: unixNanoseconds,
      meaning: "when, by the host's real-time clock",
    },
    {
      name: "reason",
      type: "VARCHAR",
      meaning: "why, as the host's kernel names it; null where it gives no reasons",
    },
    { name: "site", type: "VARCHAR", meaning: "kernel function that dropped the packet" },
    {
      name: "device",
      type: "VARCHAR",
      meaning: "network interface the packet was on; null where it had none",
    },
    {
      name: "input_ifindex",
      type: "INTEGER",
      meaning: "index of the interface it came in on; 0 for the host's own",
    },
    { name: "ip_version", type: "INTEGER", meaning: "4 or 6; null for what isn't IP" },
    { name: "src", type: "VARCHAR", meaning: "source address" },
    { name: "src_port", type: "INTEGER", meaning: "TCP, UDP or SCTP source port" },
    { name: "dst", type: "VARCHAR", meaning: "destination address" },
    { name: "dst_port", type: "INTEGER", meaning: "TCP, UDP or SCTP destination port" },
    { name: "protocol", type: "VARCHAR", meaning: "IP protocol, or the EtherType of what isn't IP" },
    {
      name: "length_bytes",
      type: "INTEGER",
      unit: "bytes",
      meaning: "IP packet by its own header; frame where it isn't IP",
    },
    { name: "cpu", type: "INTEGER", meaning: "CPU that dropped it" },
    { name: "process", type: "VARCHAR", meaning: "what ran on that CPU; often, not always, who sent it" },
    { name: "stack", type: "VARCHAR", meaning: "kernel functions, innermost first; null unless asked for" },
  ],
  program({ maxEvents, stacks, ...filters }, target) {
    const row = (version: string, source: string, destination: string, protocol: string, length: string) =>
      emitRow(
        `%llu\\t%d\\t%s\\t%s\\t%d\\t${version}\\t%s\\t%s\\t%d\\t%d\\t%d\\t%d\\t%d\\t%d\\t%s${stacks > 0 ? "\\t%s" : ""}`,
        [
          drop.time,
          reasonOfDrop(target),
          drop.site,
          drop.device,
          drop.ifindex,
          source,
          destination,
          drop.ports,
          protocol,
          length,
          drop.cpu,
          drop.process,
          ...(stacks > 0 ? [`kstack(${stacks})`] : []),
        ],
        maxEvents,
        dropHook,
      );
    return dropClause(filters, target, {
      ipv4: row("4", drop.ipv4.src, drop.ipv4.dst, drop.protocol, drop.length),
      ipv6: row("6", drop.ipv6.src, drop.ipv6.dst, drop.protocol, drop.length),
      other: row("0", '""', '""', drop.etherType, "$skb->len"),
    });
  },
  decode(record, context) {
    return record.type === "line" && record.word === rowWord ? [rowOf(record.fields, context)] : [];
  },
  notes: reasonNotes,
});

function rowOf(
  fields: readonly string[],
  { target, parameters, unixTime }: DecodeContext<Parameters>,
): Value[] {
  const [
    time,
    reason,
    site,
    device,
    ifindex,
    version,
    source,
    destination,
    ports,
    sport,
    dport,
    protocol,
    length,
    cpu,
  ] = fields as [string, ...string[]] & Record<number, string>;
  const hasPorts = ports === "1";
  const [process, stack] = lastFields(fields.slice(14), parameters.stacks > 0);
  return [
    unixTime(time),
    reasonName(target, reason as string),
    site as string,
    device || null,
    Number(ifindex),
    version === "0" ? null : Number(version),
    source || null,
    hasPorts ? Number(sport) : null,
    destination || null,
    hasPorts ? Number(dport) : null,
    version === "0" ? etherTypeName(Number(protocol)) : protocolName(Number(protocol)),
    Number(length),
    Number(cpu),
    process,
    stack,
  ];
}

/** The process's name can hold a tab; a stack starts on a line of its own. */
function lastFields(fields: readonly string[], withStack: boolean): [process: string, stack: string | null] {
  const text = fields.join("\t");
  if (!withStack) return [text, null];
  const start = text.indexOf("\t\n");
  const functions = text
    .slice(start)
    .split("\n")
    .map((line) => line.trim());
  return [text.slice(0, start), functions.filter((line) => line !== "").join(" < ")];
}
