import type { Table } from "../../tables/index.js";
import { rowsOf } from "../rows.js";

/** One direction of a conversation: who sends to whom. */
export interface Lane {
  from: Endpoint;
  to: Endpoint;
}

interface Endpoint {
  address: string | null;
  port: number | null;
}

/** More directions than this are no conversation that one figure can show. */
export const maxLanes = 8;

/** The busiest directions of the packets that `where` selects, in order of their first packet. */
export async function lanesOf(packets: Table, where: string): Promise<Lane[]> {
  const rows = await rowsOf(
    packets,
    `
    WITH lanes AS (
      SELECT src, src_port, dst, dst_port, min(frame) AS first, count(*) AS packets FROM this
      WHERE ${where} GROUP BY ALL ORDER BY packets DESC, first LIMIT ${maxLanes}
    )
    SELECT src, src_port, dst, dst_port FROM lanes ORDER BY first`,
  );
  return (rows as [string | null, number | null, string | null, number | null][]).map(
    ([src, srcPort, dst, dstPort]) => ({
      from: { address: src, port: srcPort },
      to: { address: dst, port: dstPort },
    }),
  );
}

/** The lanes, and the other direction of each that has only one: where nothing came back, something may be dropped. */
export function bothWays(lanes: readonly Lane[]): Lane[] {
  const both = new Map(lanes.map((lane) => [laneText(lane), lane]));
  for (const { from, to } of lanes) {
    const back = { from: to, to: from };
    if (!both.has(laneText(back))) both.set(laneText(back), back);
  }
  return [...both.values()];
}

function endpointText({ address, port }: Endpoint): string {
  const name = address ?? "no address";
  if (port === null) return name;
  return name.includes(":") ? `[${name}]:${port}` : `${name}:${port}`;
}

/** "192.0.2.1:40000 → 192.0.2.2:80", over two lines: both addresses may be IPv6. */
export function laneText({ from, to }: Lane): string {
  return `${endpointText(from)}<br>→ ${endpointText(to)}`;
}

/** The four columns that hold a lane's ends. */
export interface LaneColumns {
  address: [from: string, to: string];
  port: [from: string, to: string];
}

function literal(value: string | number | null): string {
  if (value === null) return "NULL";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/** A row's place in the list of lanes, as SQL; null where it is in none. A row without ports fits any. */
export function laneSql(lanes: readonly Lane[], { address, port }: LaneColumns): string {
  const is = (column: string, value: string | number | null) =>
    `${column} IS NOT DISTINCT FROM ${literal(value)}`;
  const cases = lanes.map(({ from, to }, i) => {
    const addresses = `${is(address[0], from.address)} AND ${is(address[1], to.address)}`;
    const ports = `(${port[0]} IS NULL OR ${is(port[0], from.port)}) AND (${port[1]} IS NULL OR ${is(port[1], to.port)})`;
    return `WHEN ${addresses} AND ${ports} THEN ${i}`;
  });
  return cases.length === 0 ? "NULL" : `CASE ${cases.join(" ")} END`;
}
