import { z } from "zod";
import {
  bpftrace,
  type DecodeContext,
  defineProbe,
  emitRow,
  Fragment,
  ipVersion,
  type Probe,
  rowWord,
} from "../../lib/probes/index.js";
import { unixNanoseconds, type Value } from "../../lib/tables/index.js";
import { addressTexts } from "../packet/fields.js";
import { pathNotes } from "./notes.js";
import { checkPath, type PathParameters, pathParameters } from "./parameters.js";
import { isMerged, packet, pathClauses, receiveHook, sightings, transmitHook } from "./program.js";

const Parameters = z
  .strictObject({ ...pathParameters, maxEvents: z.int().min(1).max(10_000_000).default(10_000) })
  .superRefine(checkPath);
type Parameters = z.output<typeof Parameters>;

/** What {@link pathEvents} and {@link pathTrace} can be asked, beside what every probe can. */
export interface PathEventsParameters extends PathParameters {
  /** Rows of {@link pathEvents} at most, 1 to 10,000,000: a ping that comes back has four. Default 10,000. */
  maxEvents?: number | undefined;
}

/**
 * Shows every packet of a flow each time that a host sees it at one of two sides, one row each: what {@link pathTrace} puts together. Every event
 * costs some microseconds on the host: look at {@link pathSummary} first.
 *
 * Parameters: see {@link PathParameters}, and `maxEvents` (default 10,000: rows at most). `timeoutMs` means nothing here.
 *
 * Columns: `time_ns` (Unix time by the host's clock), `sighting` (`in` by `from`, `out` by `to`, `back in` by `to`, `back out` by `from`), `device`, `ip_version`, `src`, `src_port`,
 * `dst`, `dst_port`, `protocol`, `ip_id` (identification of IPv4, or of an IPv6 fragment), `fragment_offset_bytes`, `more_fragments`, `payload_bytes` (behind the headers of
 * IP and transport), `seq`, `ack` (of TCP), `echo_id`, `echo_seq` (of ICMP), `segments` (that it stands for: GRO, TSO), `cpu`. null is unknown or absent: of a fragment behind the
 * first, all that the first has.
 *
 * Errors: as for every probe, see {@link defineProbe}.
 *
 * @example await pathEvents(host, { from: "vnet1", to: "eth0", protocol: "UDP", src: "198.51.100.11", dst: "203.0.113.30", seconds: 10 })
 */
export const pathEvents: Probe<PathEventsParameters, "table"> = defineProbe({
  name: "pathEvents",
  shape: "table",
  revision: 1,
  measures: "packets at both sides of a host, one row each time that one is seen",
  parameters: Parameters,
  hooks: { required: [receiveHook, transmitHook] },
  summary: "pathSummary",
  mapKeys: 16,
  columns: [
    {
      name: "time_ns",
      type: "BIGINT",
      unit: unixNanoseconds,
      meaning: "when, by the host's real-time clock",
    },
    { name: "sighting", type: "VARCHAR", meaning: "in, out, back in or back out" },
    { name: "device", type: "VARCHAR", meaning: "where it was seen" },
    { name: "ip_version", type: "INTEGER", meaning: "4 or 6" },
    { name: "src", type: "VARCHAR", meaning: "source address" },
    { name: "src_port", type: "INTEGER", meaning: "source port; null for ICMP and later fragments" },
    { name: "dst", type: "VARCHAR", meaning: "destination address" },
    { name: "dst_port", type: "INTEGER", meaning: "destination port; null for ICMP and later fragments" },
    { name: "protocol", type: "VARCHAR", meaning: "ICMP, TCP or UDP" },
    {
      name: "ip_id",
      type: "BIGINT",
      meaning: "IPv4 identification, or that of an IPv6 fragment; null: IPv6, whole",
    },
    {
      name: "fragment_offset_bytes",
      type: "INTEGER",
      unit: "bytes",
      meaning: "where the fragment belongs; 0: the first, or whole",
    },
    { name: "more_fragments", type: "BOOLEAN", meaning: "more of the same packet follow" },
    {
      name: "payload_bytes",
      type: "INTEGER",
      unit: "bytes",
      meaning: "behind the headers of IP and, where there is one, transport",
    },
    { name: "seq", type: "BIGINT", meaning: "TCP sequence number" },
    { name: "ack", type: "BIGINT", meaning: "TCP acknowledgement number" },
    { name: "echo_id", type: "INTEGER", meaning: "ICMP identifier" },
    { name: "echo_seq", type: "INTEGER", meaning: "ICMP sequence number" },
    { name: "segments", type: "INTEGER", meaning: "segments that it stands for; 1: itself" },
    { name: "cpu", type: "INTEGER", meaning: "CPU that handled it" },
  ],
  program({ maxEvents, ...filter }, target) {
    const [source, destination] = addressTexts[ipVersion(filter.src) === 4 ? "ipv4" : "ipv6"];
    const row = (hook: string) =>
      emitRow(
        "%llu\\t%d\\t%s\\t%s\\t%s\\t%llu\\t%llu\\t%llu\\t%lld\\t%llu\\t%llu\\t%d\\t%d",
        [
          packet.now,
          packet.stage,
          packet.device,
          source,
          destination,
          packet.ports,
          packet.id,
          packet.part,
          packet.payload,
          packet.word,
          packet.ack,
          "$segments",
          "cpu",
        ],
        maxEvents,
        hook,
      );
    const act = (hook: string) =>
      bpftrace`$segments = 1; if (${isMerged}) { $segments = ${segments}; } ${row(hook)}`;
    return pathClauses(filter, target, { received: act(receiveHook), sent: act(transmitHook) });
  },
  decode(record, context) {
    return record.type === "line" && record.word === rowWord ? [rowOf(record.fields, context)] : [];
  },
  notes: pathNotes,
});

const segments = new Fragment("((struct skb_shared_info *)($skb->head + $skb->end))->gso_segs");

function rowOf(fields: readonly string[], { parameters, unixTime }: DecodeContext<Parameters>): Value[] {
  const [time, stage, device, src, dst, ports, id, part, payload, word, ack, merged, cpu] = fields as [
    string,
    ...string[],
  ] &
    Record<number, string>;
  const { protocol } = parameters;
  const version = ipVersion(parameters.src);
  const offset = (Number(part) & 0x1fff) * 8;
  const way = Number(stage) < 2;
  const [there, back] = [Math.floor(Number(ports) / 2 ** 16), Number(ports) % 2 ** 16];
  const is = (one: typeof protocol) => protocol === one && offset === 0;
  const hasPorts = offset === 0 && protocol !== "ICMP";
  return [
    unixTime(time),
    sightings[Number(stage)] as string,
    device as string,
    version,
    src as string,
    hasPorts ? (way ? there : back) : null,
    dst as string,
    hasPorts ? (way ? back : there) : null,
    protocol,
    version === 6 && part === "0" ? null : Number(id),
    offset,
    (Number(part) & 0x2000) !== 0,
    Number(payload),
    is("TCP") ? Number(word) : null,
    is("TCP") ? Number(ack) : null,
    is("ICMP") ? Math.floor(Number(word) / 2 ** 16) : null,
    is("ICMP") ? Number(word) % 2 ** 16 : null,
    Number(merged),
    Number(cpu),
  ];
}
