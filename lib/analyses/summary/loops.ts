import { packetContent, scopeOf } from "../../captures/index.js";
import type { Table } from "../../tables/index.js";
import { count, duration, flow, frame, time, word } from "../query/index.js";
import type { Subject } from "../subject/index.js";

/** What tells one point of capture from another; where neither MAC addresses nor an interface are known, a router shows a packet twice. */
const point = "interface, cooked_interface, cooked_direction, eth_src, eth_dst, vlan, tunnel, tunnel_id";
/** A packet that passes a point fewer times may be two of a kind. */
const leastPasses = 3;
/** A round takes the round trip between the routers; later, an identification may be used again. What comes again within 100 ms is marked. */
const roundNs = 3_000_000_000;

/**
 * Packets that pass one point, between the same two MAC addresses, again and again, never with a higher TTL, as relation `circling`: one
 * row per packet, named by the frame in which it passes first.
 */
export const loopViews = {
  passing: `
    SELECT frame, time_ns, flow_number, src, dst, ttl, hash(${packetContent}, ${point}) AS same
    FROM seen WHERE ttl IS NOT NULL AND coalesce(eth_src, CAST(cooked_interface AS VARCHAR)) IS NOT NULL
      AND (src, dst) IN (SELECT (src, dst) FROM seen WHERE possible_copy)`,
  again: `
    SELECT *, ttl - lag(ttl) OVER rounds AS step, time_ns - lag(time_ns) OVER rounds AS since_ns
    FROM passing SEMI JOIN (SELECT same FROM passing GROUP BY same HAVING count(DISTINCT ttl) >= ${leastPasses}) USING (same)
    WINDOW rounds AS (PARTITION BY same ORDER BY time_ns, frame)`,
  circling: `
    SELECT same, min(frame) AS frame, min(time_ns) AS time_ns, any_value(flow_number) AS flow_number, any_value(src) AS src, any_value(dst) AS dst,
      count(DISTINCT ttl) AS passes, max(ttl) AS first_ttl, min(ttl) AS last_ttl, max(time_ns) - min(time_ns) AS duration_ns
    FROM again GROUP BY same HAVING max(step) <= 0 AND coalesce(max(since_ns), 0) <= ${roundNs}`,
};

/** Packets that go in a circle, by conversation. */
export async function routingLoops({ capture, filter }: Subject): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "routingLoops",
    views: loopViews,
    query: `
      SELECT min(frame) AS frame, min(circling.time_ns) AS time_ns, any_value(flow) AS flow, src, dst, count(*) AS packets,
        max(passes) AS passes, max(first_ttl) AS first_ttl, min(last_ttl) AS last_ttl, max(duration_ns) AS duration_ns
      FROM circling LEFT JOIN conversations USING (flow_number) GROUP BY flow_number, src, dst ORDER BY min(frame)`,
    columns: [
      frame,
      time,
      flow,
      word("src", "source address"),
      word("dst", "destination address"),
      count("packets", "that go in a circle"),
      count("passes", "of the one that passes most often"),
      {
        name: "first_ttl",
        type: "INTEGER",
        unit: "hops",
        meaning: "highest time to live or hop limit with which one passes",
      },
      { name: "last_ttl", type: "INTEGER", unit: "hops", meaning: "lowest" },
      duration("duration_ns", "of the one that circles longest"),
    ],
  });
}
