import { sql, type Table, type Value } from "../../tables/index.js";
import { withSegments } from "../segments.js";
import type { Meeting } from "./both.js";
import { metSql, sideSql } from "./sides.js";

/** A packet of a ladder: what one capture or both know of it. Times are those of the captures. */
export interface LadderPacket {
  /** Who sent it; of an ICMP error about the conversation, whom it tells. */
  side: "client" | "server" | "to client" | "to server";
  /** Index in the kinds of packets. */
  kind: number;
  text: string;
  hereFrame: number | null;
  hereNs: bigint | null;
  otherFrame: number | null;
  otherNs: bigint | null;
  bytes: number;
  /** Bytes of it that packets only the other capture has carry, and when the last of those came: offloading cuts data anew. */
  coveredBytes: number;
  coveredNs: bigint | null;
}

/** The first packets, and how many there are. */
export interface LadderPackets {
  packets: LadderPacket[];
  count: number;
}

function packetsOf(rows: Value[][]): LadderPackets {
  const whole = (value: Value | undefined) => (value == null ? null : Number(value));
  const time = (value: Value | undefined) => (value == null ? null : BigInt(value as bigint | number));
  return {
    packets: rows.map((row) => ({
      side: row[0] as LadderPacket["side"],
      kind: Number(row[1]),
      text: String(row[2] ?? ""),
      hereFrame: whole(row[3]),
      hereNs: time(row[4]),
      otherFrame: whole(row[5]),
      otherNs: time(row[6]),
      bytes: Number(row[7] ?? 0),
      coveredBytes: Number(row[8] ?? 0),
      coveredNs: time(row[9]),
    })),
    count: Number(rows[0]?.[10] ?? 0),
  };
}

/** The first packets of one capture. */
export async function packetsHere(here: Table, most: number): Promise<LadderPackets> {
  const side = await withSegments("here", here);
  const frame = await sql(
    `WITH ${sideSql({ name: "here", sql: side.sql }, { ack: false, ipId: false })}
    SELECT side, kind, text, frame, time_ns, NULL, NULL, bytes, NULL, NULL, (count(*) OVER ())::DOUBLE
    FROM here_packets ORDER BY frame LIMIT ${most}`,
    side.sources,
  );
  return packetsOf(frame.values as Value[][]);
}

/** The first packets of two captures together, in order of their times when the other's are shifted. */
export async function packetsOfBoth(
  here: Table,
  other: Table,
  { identity }: Meeting,
  shiftNs: bigint,
  most: number,
): Promise<LadderPackets> {
  const sides = { here: await withSegments("here", here), other: await withSegments("other", other) };
  const frame = await sql(
    `${metSql(sides, identity)}, shown AS (
      SELECT *, row_number() OVER (ORDER BY coalesce(here_ns, other_ns + ${shiftNs}), here_frame, other_frame) AS place,
        (count(*) OVER ())::DOUBLE AS packets
      FROM met QUALIFY place <= ${most}
    ), alone AS (
      SELECT side, seq, bytes, here_ns, other_ns FROM met WHERE bytes > 0 AND (here_ns IS NULL OR other_ns IS NULL)
    ), pieces AS (
      SELECT place, max(coalesce(alone.here_ns, alone.other_ns)) AS last_ns,
        sum(least(shown.seq + shown.bytes, alone.seq + alone.bytes) - greatest(shown.seq, alone.seq)) AS covered
      FROM shown JOIN alone ON shown.side = alone.side AND alone.seq < shown.seq + shown.bytes AND alone.seq + alone.bytes > shown.seq
      WHERE (shown.here_ns IS NULL AND alone.other_ns IS NULL) OR (shown.other_ns IS NULL AND alone.here_ns IS NULL)
      GROUP BY place
    )
    SELECT side, kind, text, here_frame, here_ns, other_frame, other_ns, bytes, covered, last_ns, packets
    FROM shown LEFT JOIN pieces USING (place) ORDER BY place`,
    { ...sides.here.sources, ...sides.other.sources },
  );
  return packetsOf(frame.values as Value[][]);
}
