import type { Host } from "../../lib/hosts/index.js";
import type { CommonParameters } from "../../lib/probes/index.js";
import {
  type Column,
  deriveFrame,
  deriveTable,
  type Provenance,
  type Table,
  unixNanoseconds,
} from "../../lib/tables/index.js";
import { word } from "../columns.js";
import type { PathEventsParameters } from "../parameters.js";
import { echoPaths } from "./echo-paths.js";
import { pathEvents } from "./events.js";
import { packetPaths } from "./packet-paths.js";

const ns = (name: string, meaning: string): Column => ({ name, type: "BIGINT", unit: "ns", meaning });
const number = (name: string, meaning: string): Column => ({ name, type: "INTEGER", meaning });

const columns: Column[] = [
  { name: "time_ns", type: "BIGINT", unit: unixNanoseconds, meaning: "when it came in, by the host's clock" },
  word("way", "there: from `from` to `to`; back: from `to` to `from`"),
  word("status", "complete, lost and where, partial, unfinished, or unknown"),
  word("src", "source address"),
  number("src_port", "source port; null for ICMP"),
  word("dst", "destination address"),
  number("dst_port", "destination port; null for ICMP"),
  word("protocol", "ICMP, TCP or UDP"),
  { name: "ip_id", type: "BIGINT", meaning: "IPv4 identification, or that of an IPv6 fragment" },
  { name: "seq", type: "BIGINT", meaning: "TCP sequence number" },
  number("echo_id", "ICMP identifier"),
  number("echo_seq", "ICMP sequence number"),
  {
    name: "payload_bytes",
    type: "INTEGER",
    unit: "bytes",
    meaning: "behind the transport header; of a fragment, its own",
  },
  number("segments", "TCP segments that it stood for when it came in; 1: itself"),
  number("pieces_in", "fragments that it came in as; 1: whole"),
  number("pieces_out", "fragments or segments that it went out as; 0: none"),
  word("in_device", "device that it came in by"),
  word("out_device", "device that it went out by; null: not seen"),
  ns("inside_ns", "from coming in to going out, of its first piece; null: not seen, or ambiguous"),
  ns("outside_ns", "ICMP: from the request going out to its reply coming in"),
  ns("reply_inside_ns", "ICMP: from the reply coming in to its going out"),
  ns("total_ns", "ICMP: from the request coming in to its reply going out"),
  {
    name: "ambiguous",
    type: "BOOLEAN",
    meaning:
      "others with the same key were on their way: how many of them got lost is certain, which ones isn't",
  },
];

const sightingsOf = (name: string, meaning: string): Column => ({
  name,
  type: "INTEGER",
  unit: "packets",
  meaning,
});
const counterColumns: Column[] = [
  sightingsOf("in", "seen coming in by `from`"),
  sightingsOf("out", "seen going out by `to`"),
  sightingsOf("back_in", "seen coming in by `to`"),
  sightingsOf("back_out", "seen going out by `from`"),
  sightingsOf("unexpected", "seen without what has to come before it"),
];

/**
 * Follows single packets between two sides of a host and says what became of each: one row per packet, or per echo request with its reply.
 * Joins what {@link pathEvents} sees; look at {@link pathSummary} first, which costs the host less.
 *
 * Parameters: see {@link PathEventsParameters}.
 *
 * Columns: `time_ns`, `way`, `status`, `src`, `src_port`, `dst`, `dst_port`, `protocol`, `ip_id`, `seq`, `echo_id`, `echo_seq`, `payload_bytes`, `segments`, `pieces_in`,
 * `pieces_out`, `in_device`, `out_device`, `inside_ns`, `outside_ns`, `reply_inside_ns`, `total_ns`, `ambiguous`.
 *
 * Status, of pings: `complete`, `lost inside (request)` (came in by `from`, didn't go out by `to`), `lost outside` (went out, no reply came in), `lost inside (reply)`; of TCP and UDP
 * packets, each for itself: `complete`, `lost inside`. `partial fragments`, `partial segments`: some of its pieces went out. `unfinished`: younger than `timeoutMs` when the probe ended. `unknown`:
 * something is missing, and so are events (see `lost` in the provenance), so that nothing is proven.
 *
 * A segment that the kernel put together of several (GRO) and cuts again is complete when all its bytes went out. Retransmissions are packets of their own; where IPv6 gives them no
 * identification, those on their way at the same time are `ambiguous`, and their latency is null. What is translated (NAT) or tunnelled inside is not known again.
 * In the provenance, `details.counts` has the sightings at each place, and how many were `unexpected`: inside before the probe began, or queued anew by a busy driver. Later fragments whose first was never seen are in no row and not counted.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await pathTrace(host, { from: "vnet1", to: "eth0", protocol: "ICMP", src: "198.51.100.11", dst: "203.0.113.30", seconds: 10 })
 */
export async function pathTrace(
  host: Host,
  parameters: CommonParameters & PathEventsParameters,
): Promise<Table> {
  const events = await pathEvents(host, parameters);
  const joined = (parameters.protocol === "ICMP" ? echoPaths : packetPaths)({
    timeoutNs: (parameters.timeoutMs ?? 1_000) * 1_000_000,
    ended: await endOf(events),
    sure: events.provenance.lost === 0,
  });
  const sources = { seen: events };
  const counters = await deriveFrame({
    sources,
    query: joined.counters,
    columns: counterColumns,
    provenance: events.provenance,
  });
  const [values = []] = counters.values as number[][];
  const counts = Object.fromEntries(counterColumns.map(({ name }, index) => [name, values[index] as number]));
  const provenance: Provenance = {
    ...events.provenance,
    source: "pathTrace",
    notes: [...events.provenance.notes, ...lossNote(events.provenance)],
    details: { ...events.provenance.details, counts },
  };
  return deriveTable("path", { sources, query: joined.paths, columns, provenance });
}

/** Until when packets were looked for: the probe's end, or where its limit of rows was reached. */
async function endOf(events: Table): Promise<bigint> {
  const { endedAt, truncated } = events.provenance;
  if (endedAt !== null && !truncated) return BigInt(Date.parse(endedAt)) * 1_000_000n;
  const last = await events.sql("SELECT coalesce(max(time_ns), 0) FROM this");
  return BigInt(last.values[0] as never);
}

function lossNote({ lost }: Provenance): string[] {
  return lost === 0 ? [] : ["sightings got lost on their way: what is missing may have been one of them"];
}
