import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, flag, flow, frame, time, word } from "../query/index.js";
import { echoViews } from "./echoes.js";
import { errorName } from "./names.js";

const columns: Column[] = [
  { ...frame, meaning: "number of the request in the file" },
  time,
  flow,
  word("src", "who asks"),
  word("dst", "who is asked"),
  { name: "icmp_id", type: "INTEGER", meaning: "identifier of the ping" },
  { name: "icmp_seq", type: "INTEGER", meaning: "number of the request" },
  { name: "wire_bytes", type: "INTEGER", unit: "bytes", meaning: "length of the request on the wire" },
  flag(
    "answered",
    "a reply came; null without one where the capture ended within 1 s, or the request goes to many (broadcast, multicast) or traces the path with few hops",
  ),
  { name: "reply_frame", type: "INTEGER", meaning: "number of the first reply in the file" },
  count("replies", "above 1: duplicates"),
  duration("rtt_ns", "from the request to its first reply, at the point of capture"),
  { name: "reply_ttl", type: "INTEGER", meaning: "time to live of that reply" },
  word("error", "ICMP error that came instead"),
  word("error_by", "address that sent it"),
];

/**
 * Echo requests (ping) of IPv4 and IPv6, one by one, with their replies or the errors they met.
 *
 * Columns:
 * - `frame` INTEGER: number of the request in the file
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `src` VARCHAR: who asks
 * - `dst` VARCHAR: who is asked
 * - `icmp_id` INTEGER: identifier of the ping
 * - `icmp_seq` INTEGER: number of the request
 * - `wire_bytes` INTEGER, bytes: length of the request on the wire
 * - `answered` BOOLEAN: a reply came; null without one where the capture ended within 1 s, or the request goes to many
 *   (broadcast, multicast) or traces the path with few hops
 * - `reply_frame` INTEGER: number of the first reply in the file
 * - `replies` BIGINT, packets: above 1: duplicates
 * - `rtt_ns` BIGINT, ns: from the request to its first reply, at the point of capture
 * - `reply_ttl` INTEGER: time to live of that reply
 * - `error` VARCHAR: ICMP error that came instead
 * - `error_by` VARCHAR: address that sent it
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Table, one row per request, in the order of the file.
 * @throws SkbookError as `flows` does.
 */
export async function pings(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "pings",
    needs: "FROM packets WHERE icmp_type IN (8, 128)",
    views: echoViews,
    query: `
      SELECT frame, time_ns, flow, src, dst, icmp_id, icmp_seq, wire_bytes, answered, reply_frame, replies, rtt_ns, reply_ttl,
        ${errorName("echoes.transport", "error_type", "error_code")} AS error, reporter AS error_by
      FROM echoes JOIN conversations USING (flow_number) ORDER BY frame`,
    columns,
  });
}
