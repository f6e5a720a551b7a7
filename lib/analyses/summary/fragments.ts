import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";

const columns: Column[] = [
  { name: "start_ns", type: "BIGINT", unit: "ns since 1970", meaning: "its first fragment" },
  { name: "src", type: "VARCHAR", meaning: "source address" },
  { name: "dst", type: "VARCHAR", meaning: "destination address" },
  { name: "fragment_id", type: "BIGINT", meaning: "identification that its fragments share" },
  { name: "fragments", type: "BIGINT", unit: "packets", meaning: "in the capture" },
  { name: "wire_bytes", type: "BIGINT", unit: "bytes", meaning: "all of them together" },
  { name: "duration_ns", type: "BIGINT", unit: "ns", meaning: "from its first fragment to its last" },
  { name: "first", type: "BOOLEAN", meaning: "the fragment with its start is there" },
  { name: "last", type: "BOOLEAN", meaning: "the fragment with its end is there" },
  {
    name: "complete",
    type: "BOOLEAN",
    meaning:
      "all of its fragments are there; null where the snap length cut them, or the others may lie before the capture or behind its end",
  },
  { name: "transport", type: "VARCHAR", meaning: "tcp, udp, ...; null while it isn't complete" },
];

/** Fragments of one packet, in one network. */
const same = "piece_src, piece_dst, fragment_id, vlan, tunnel_id";
const headerBytes = "CASE WHEN contains(piece_src, ':') THEN 48 ELSE 20 END";

/** Fragments of one packet are sent at once: where the next one of an identification comes this much later, its sender has counted once around. */
const apartNs = 1_000_000_000;
/** Fragments of one packet are sent at once: others may lie outside the capture where it begins or ends nearer than this. */
const togetherNs = 10_000_000;

/**
 * IP packets that were sent in fragments, and whether all fragments arrived. IPv4 and IPv6; in a tunnel also where the outer packet was
 * fragmented.
 *
 * Columns:
 * - `start_ns` BIGINT, ns since 1970: its first fragment
 * - `src` VARCHAR: source address
 * - `dst` VARCHAR: destination address
 * - `fragment_id` BIGINT: identification that its fragments share
 * - `fragments` BIGINT, packets: in the capture
 * - `wire_bytes` BIGINT, bytes: all of them together
 * - `duration_ns` BIGINT, ns: from its first fragment to its last
 * - `first` BOOLEAN: the fragment with its start is there
 * - `last` BOOLEAN: the fragment with its end is there
 * - `complete` BOOLEAN: all of its fragments are there; null where the snap length cut them, or the others may lie before the
 *   capture or behind its end
 * - `transport` VARCHAR: tcp, udp, ...; null while it isn't complete
 *
 * @param filter which conversations, and when. Only conditions on addresses and layers reach later fragments, which have no ports.
 * @returns a Table, one row per fragmented packet, in order of time.
 * @throws SkbookError as `flows` does.
 */
export async function fragmentedPackets(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "fragmentedPackets",
    needs: "FROM packets WHERE fragment",
    views: {
      pieces: `
        SELECT *, coalesce(outer_src, src) AS piece_src, coalesce(outer_dst, dst) AS piece_dst,
          NOT regexp_matches(protocols, ':(ip|ipv6|ipv6[.][a-z]+)(:data)?$') AS read_on
        FROM picked WHERE fragment`,
      apart: `
        SELECT *, coalesce(time_ns - lag(time_ns) OVER same > ${apartNs}, false) AS fresh FROM pieces
        WINDOW same AS (PARTITION BY ${same} ORDER BY time_ns, frame)`,
      grouped: `
        SELECT *, sum(CAST(fresh AS INTEGER)) OVER (PARTITION BY ${same} ORDER BY time_ns, frame) AS turn
        FROM apart`,
      // tshark puts fragments together across networks; where it took another one's, their lengths tell.
      counted: `
        SELECT *, row_number() OVER (PARTITION BY ${same}, turn, fragment_offset_bytes ORDER BY time_ns, frame) = 1 AS once FROM grouped`,
    },
    query: `
      SELECT min(time_ns) AS start_ns, piece_src AS src, piece_dst AS dst, fragment_id, count(*) AS fragments,
        sum(wire_bytes) AS wire_bytes, max(time_ns) - min(time_ns) AS duration_ns,
        bool_or(fragment_offset_bytes = 0) AS first, bool_or(NOT more_fragments) AS last,
        CASE
          WHEN NOT first AND min(time_ns) - any_value(begin_ns) < ${togetherNs} THEN NULL
          WHEN NOT last AND any_value(end_ns) - max(time_ns) < ${togetherNs} THEN NULL
          WHEN NOT (first AND last) THEN false
          WHEN bool_or(captured_bytes < wire_bytes) THEN NULL
          ELSE bool_or(read_on AND fragment_offset_bytes > 0)
            OR coalesce(sum(ip_len_bytes - ${headerBytes}) FILTER (once) >= max(fragment_offset_bytes + ip_len_bytes - ${headerBytes}), false)
          END AS complete,
        any_value(transport) AS transport
      FROM counted, clock GROUP BY ${same}, turn ORDER BY min(frame)`,
    columns,
  });
}
