import type { Value } from "../../tables/index.js";
import { sql, type Table } from "../../tables/index.js";
import { withSegments } from "../segments.js";
import type { Differences } from "./clocks.js";
import { type Identity, metSql } from "./sides.js";

/** How the packets of two captures are told to be the same, and what their times say of the clocks. */
export interface Meeting {
  identity: Identity;
  matched: number;
  differences: Differences;
}

const way = (side: string) => `
  (count(*) FILTER (paired AND side = '${side}'))::DOUBLE, min(difference) FILTER (side = '${side}'), max(difference) FILTER (side = '${side}'),
  quantile_disc(difference, 0.5) FILTER (side = '${side}'), median(here_ttl - other_ttl) FILTER (paired AND side = '${side}')`;

async function meetingBy(here: Table, other: Table, identity: Identity): Promise<Meeting> {
  const sides = { here: await withSegments("here", here), other: await withSegments("other", other) };
  const frame = await sql(
    `${metSql(sides, identity)}, compared AS (
      SELECT *, here_ns IS NOT NULL AND other_ns IS NOT NULL AS paired, other_ns - here_ns AS difference FROM met
    ) SELECT (count(*) FILTER (paired))::DOUBLE AS matched, ${way("client")}, ${way("server")} FROM compared`,
    { ...sides.here.sources, ...sides.other.sources },
  );
  const [matched = 0, ...rest] = (frame.values as Value[][])[0] ?? [];
  const wayOf = ([packets, least, most, median, hops]: Value[]) => ({
    packets: Number(packets ?? 0),
    leastNs: least == null ? null : BigInt(least as bigint),
    mostNs: most == null ? null : BigInt(most as bigint),
    medianNs: median == null ? null : BigInt(median as bigint),
    hops: hops == null ? null : Number(hops),
  });
  return {
    identity,
    matched: Number(matched),
    differences: { client: wayOf(rest.slice(0, 5)), server: wayOf(rest.slice(5)) },
  };
}

/** Whether a capture has packets of both directions, so that acknowledged numbers can be made absolute. */
async function hasBothWays(table: Table): Promise<boolean> {
  const frame = await table.sql(
    "SELECT count(DISTINCT sender)::DOUBLE FROM this WHERE transport = 'tcp' AND about IS NULL AND NOT copy",
  );
  return Number((frame.values as Value[][])[0]?.[0]) === 2;
}

/**
 * By all that stays the same on the way; without the identification of IPv4 where that makes more than twice as many match: then
 * something on the path writes it anew, and what still matched did so by chance.
 */
export async function meetingOf(here: Table, other: Table): Promise<Meeting> {
  const ack = (await hasBothWays(here)) && (await hasBothWays(other));
  const strict = await meetingBy(here, other, { ack, ipId: true });
  const loose = await meetingBy(here, other, { ack, ipId: false });
  return loose.matched > 2 * strict.matched ? loose : strict;
}
