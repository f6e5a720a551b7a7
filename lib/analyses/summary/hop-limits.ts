import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";

const columns: Column[] = [
  { name: "src", type: "VARCHAR", meaning: "source address" },
  { name: "ttl", type: "INTEGER", meaning: "time to live or hop limit when captured" },
  { name: "packets", type: "BIGINT", unit: "packets", meaning: "with that value" },
  { name: "hops", type: "INTEGER", meaning: "routers passed, if it started at the next of 64, 128, 255" },
  {
    name: "values",
    type: "BIGINT",
    meaning:
      "different values of that source: above 1 its path changed, or several machines share the address",
  },
  { name: "first_ns", type: "BIGINT", unit: "ns since 1970", meaning: "first packet with that value" },
  { name: "last_ns", type: "BIGINT", unit: "ns since 1970", meaning: "last packet with that value" },
];

/**
 * Times to live (hop limits of IPv6) by source: how many routers away it is, and whether its path changed meanwhile.
 *
 * Columns:
 * - `src` VARCHAR: source address
 * - `ttl` INTEGER: time to live or hop limit when captured
 * - `packets` BIGINT, packets: with that value
 * - `hops` INTEGER: routers passed, if it started at the next of 64, 128, 255
 * - `values` BIGINT: different values of that source: above 1 its path changed, or several machines share the address
 * - `first_ns` BIGINT, ns since 1970: first packet with that value
 * - `last_ns` BIGINT, ns since 1970: last packet with that value
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Table, one row per source and value; sources with the most values first.
 * @throws SkbookError as `flows` does.
 */
export async function hopLimits(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "hopLimits",
    query: `
      SELECT src, ttl, count(*) AS packets,
        CASE WHEN ttl <= 64 THEN 64 WHEN ttl <= 128 THEN 128 ELSE 255 END - ttl AS hops,
        count(*) OVER (PARTITION BY src) AS "values",
        min(time_ns) AS first_ns, max(time_ns) AS last_ns
      FROM seen WHERE ttl IS NOT NULL GROUP BY src, ttl ORDER BY "values" DESC, src, ttl`,
    columns,
  });
}
