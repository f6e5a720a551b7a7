import { sql, type Table, type Value } from "../../tables/index.js";
import { rowsOf } from "../rows.js";
import { withSegments } from "../segments.js";
import type { Grid } from "../thin.js";
import { packetKinds } from "./kinds.js";
import { type Lane, laneSql } from "./lanes.js";

/** One mark in a lane: a packet, or those of one kind that follow each other closely. */
export interface PacketMark {
  /** Index in the kinds of packets. */
  kind: number;
  lane: number;
  timeNs: bigint;
  /** How many packets it stands for, their bytes on the wire, and the number of the first. */
  packets: number;
  bytes: number;
  frame: number;
}

/** A drop, or those of one direction that follow each other closely. */
export interface DropMark {
  lane: number;
  timeNs: bigint;
  drops: number;
  /** "NETFILTER_DROP at nf_hook_slow". */
  why: string;
}

const bucket = ({ startNs, widthNs }: Grid) => `(time_ns - ${startNs}) // ${widthNs}`;

/** The marks of the packets that `where` selects and that lie in a lane. */
export async function packetMarks(
  packets: Table,
  where: string,
  lanes: readonly Lane[],
  grid: Grid,
): Promise<PacketMark[]> {
  const lane = laneSql(lanes, { address: ["src", "dst"], port: ["src_port", "dst_port"] });
  const kind = packetKinds.map(({ when }, i) => `WHEN ${when} THEN ${i}`).join(" ");
  const shown = await withSegments("packets", packets);
  const { values: rows } = await sql(
    `
    WITH marks AS (
      SELECT CASE ${kind} END AS kind, ${lane} AS lane, time_ns, wire_bytes, frame, ${bucket(grid)} AS bucket
      FROM ${shown.sql} WHERE ${where}
    )
    SELECT kind, lane, min(time_ns) AS time_ns, count(*)::DOUBLE AS packets, sum(wire_bytes)::DOUBLE AS bytes,
      min(frame) AS frame
    FROM marks WHERE lane IS NOT NULL GROUP BY kind, lane, bucket ORDER BY frame`,
    shown.sources,
  );
  return (rows as Value[][] as [number, number, bigint | number, number, number, number][]).map(
    ([kind, lane, timeNs, packets, bytes, frame]) => ({
      kind,
      lane,
      timeNs: BigInt(timeNs),
      packets,
      bytes,
      frame,
    }),
  );
}

/** The marks of the drops that lie in a lane. */
export async function dropMarks(drops: Table, lanes: readonly Lane[], grid: Grid): Promise<DropMark[]> {
  const lane = laneSql(lanes, {
    address: ["src", "dst"],
    port: ["src_port", "dst_port"],
  });
  const rows = await rowsOf(
    drops,
    `
    WITH marks AS (
      SELECT ${lane} AS lane, time_ns, ${bucket(grid)} AS bucket,
        coalesce(reason, 'unknown reason') || ' at ' || coalesce(site, 'unknown site') AS why
      FROM this
    )
    SELECT lane, min(time_ns) AS time_ns, count(*)::DOUBLE AS drops,
      string_agg(DISTINCT why, ', ' ORDER BY why) AS why
    FROM marks WHERE lane IS NOT NULL GROUP BY lane, bucket ORDER BY min(time_ns), lane`,
  );
  return (rows as [number, bigint | number, number, string][]).map(([lane, timeNs, drops, why]) => ({
    lane,
    timeNs: BigInt(timeNs),
    drops,
    why,
  }));
}

/** The lanes that have something to show, and the marks with their lanes counted anew. */
export function lanesInUse(all: Lane[], packets: PacketMark[], drops: DropMark[]) {
  const used = all.map((_, lane) => [...packets, ...drops].some((mark) => mark.lane === lane));
  const place = all.map((_, lane) => used.slice(0, lane).filter(Boolean).length);
  const moved = <Mark extends { lane: number }>(mark: Mark) => ({ ...mark, lane: place[mark.lane] ?? 0 });
  return { lanes: all.filter((_, lane) => used[lane]), packets: packets.map(moved), drops: drops.map(moved) };
}
