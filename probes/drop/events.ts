import { z } from "zod";
import {
  bpftrace,
  type DecodeContext,
  defineProbe,
  emitRow,
  type Fragment,
  type Probe,
  rowWord,
  type Target,
} from "../../lib/probes/index.js";
import { type Column, unixNanoseconds, type Value } from "../../lib/tables/index.js";
import { type PacketKind, packetColumns, packetRow, packetValues, packetWords } from "../packet/fields.js";
import {
  headerColumns,
  headerNotes,
  headerRow,
  headerStructs,
  headerValues,
  headerWords,
  readHeaders,
} from "../packet/headers.js";
import { stackOf } from "../packet/stack.js";
import { type DropFilterParameters, dropFilters } from "./filters.js";
import { dropHook, reasonName, reasonNotes } from "./hook.js";
import { drop, dropClause, reasonOfDrop } from "./program.js";

const Parameters = z.strictObject({
  ...dropFilters,
  maxEvents: z.int().min(1).max(10_000_000).default(10_000),
  stacks: z.union([z.boolean().transform((wanted) => (wanted ? 8 : 0)), z.int().min(0).max(64)]).default(0),
  // Not there where it isn't wanted: recordings of before have no such parameter.
  headers: z
    .boolean()
    .optional()
    .transform((wanted) => wanted || undefined),
});

type Parameters = z.output<typeof Parameters>;

/** What {@link dropEvents} can be asked, beside what every probe can. */
export interface DropEventsParameters extends DropFilterParameters {
  /** Rows at most, 1 to 10,000,000; what the kernel goes on counting beyond is said. Default 10,000. */
  maxEvents?: number | undefined;
  /** Kernel stack with every row, so many functions deep, up to 64; 0 or false for none, true for 8. Default 0. */
  stacks?: boolean | number | undefined;
  /** Ethernet, VLAN, ARP, IP, TCP and ICMP headers with every row. Default false. */
  headers?: boolean | undefined;
}

const columns: readonly Column[] = [
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
  ...packetColumns,
  { name: "cpu", type: "INTEGER", meaning: "CPU that dropped it" },
  { name: "process", type: "VARCHAR", meaning: "what ran on that CPU; often, not always, who sent it" },
  { name: "stack", type: "VARCHAR", meaning: "kernel functions, innermost first; null unless asked for" },
];

/**
 * Shows the packets that a host's kernel drops, one row each. Every event costs some microseconds on the host: look at
 * {@link dropSummary} first, then here with filters. {@link classifyDrops} says which of them are no loss.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `maxEvents` (default 10,000: rows at most); `stacks` (default false; true for the
 * 8 innermost kernel functions, or a number); `headers` (default false: with true, the columns of layers 2 to 4); filters that all have to match: `src`, `dst` (source and
 * destination: address or prefix, IPv4 or IPv6), `ip` (either), `srcPort`, `dstPort`, `port` (either), `protocol`, `device`, `reason` (one or several); `bufferPages` (default 512: 4 KiB pages per CPU between
 * kernel and bpftrace; raise it where events get lost).
 *
 * Columns: `time_ns` (Unix time by the host's clock), `reason`, `site` (kernel function that dropped), `device`, `input_ifindex` (index of
 * the interface it came in on; 0 for the host's own), `ip_version`, `src`, `src_port`, `dst`, `dst_port`, `protocol`,
 * `length_bytes` (of the IP packet by its own header, of the frame where it isn't IP), `cpu`, `process` (what ran on that CPU: often, not
 * always, who sent it), `stack`. null is unknown or absent.
 *
 * With `headers`, besides: `eth_src`, `eth_dst` (MAC addresses), `ether_type`, `vlan_id`, `vlan_priority` (outermost tag, beside or in the frame),
 * `arp_op` (1 request, 2 reply; `src` and `dst` are then ARP's sender and target), `ip_id`, `ttl` (hop limit), `tos` (traffic class), `tcp_flags`,
 * `tcp_payload_bytes`, `icmp_type`, `icmp_code`.
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
  structs: ({ headers }) => (headers ? headerStructs : []),
  upTo: "drops",
  summary: "dropSummary",
  columns: ({ headers }) => (headers ? [...columns, ...headerColumns] : columns),
  program(parameters, target) {
    const { maxEvents: _, stacks: __, headers: ___, ...filters } = parameters;
    return dropClause(filters, target, {
      ipv4: action("ipv4", parameters, target),
      ipv6: action("ipv6", parameters, target),
      other: parameters.headers
        ? bpftrace`if (args->protocol == 0x0806) { ${action("arp", parameters, target)} } else { ${action("other", parameters, target)} }`
        : action("other", parameters, target),
    });
  },
  decode(record, context) {
    return record.type === "line" && record.word === rowWord ? [rowOf(record.fields, context)] : [];
  },
  notes: (target, { headers }) => [...reasonNotes(target), ...(headers ? headerNotes(target) : [])],
});

function action(
  kind: PacketKind | "arp",
  { maxEvents, stacks, headers }: Parameters,
  target: Target,
): Fragment {
  const packet = packetRow(kind, drop.etherType);
  const row = emitRow(
    `%llu\\t%d\\t%s\\t%s\\t%d\\t${packet.format}\\t%d${headers ? `\\t${headerRow.format}` : ""}\\t%s${stacks > 0 ? "\\t%s" : ""}`,
    [
      ...[drop.time, reasonOfDrop(target), drop.site, drop.device, drop.ifindex],
      ...packet.expressions,
      "cpu",
      ...(headers ? headerRow.expressions : []),
      "comm",
      ...(stacks > 0 ? [`kstack(${stacks})`] : []),
    ],
    maxEvents,
    dropHook,
  );
  return headers ? bpftrace`${readHeaders(kind, target)} ${row}` : row;
}

function rowOf(
  fields: readonly string[],
  { target, parameters, unixTime }: DecodeContext<Parameters>,
): Value[] {
  const [time, reason, site, device, ifindex] = fields as [string, string, string, ...string[]];
  const packet = fields.slice(5, 5 + packetWords);
  const headersAt = 6 + packetWords;
  const textAt = headersAt + (parameters.headers ? headerWords : 0);
  const [process, stack] = lastFields(fields.slice(textAt), parameters.stacks > 0);
  return [
    unixTime(time),
    reasonName(target, reason),
    site,
    device || null,
    Number(ifindex),
    ...packetValues(packet),
    Number(fields[headersAt - 1]),
    process,
    stack,
    ...(parameters.headers ? headerValues(fields.slice(headersAt, textAt), packet[0]) : []),
  ];
}

/** The process's name can hold a tab; a stack starts on a line of its own. */
function lastFields(fields: readonly string[], withStack: boolean): [process: string, stack: string | null] {
  const text = fields.join("\t");
  if (!withStack) return [text, null];
  const start = text.indexOf("\t\n");
  return [text.slice(0, start), stackOf(text.slice(start))];
}
