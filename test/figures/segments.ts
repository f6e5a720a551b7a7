import type { Column, Provenance, Table, Value } from "../../lib/tables/index.js";
import { provenance, start, tableOf } from "./tables.js";

/** One row of what `tcpSegments` returns; what is left out is null, or false. */
export interface Segment {
  ms: number;
  sender: "client" | "server";
  kind: string;
  seq: number;
  length?: number;
  ack?: number;
  window?: number;
  sack?: [string, string];
  dsack?: true;
  outOfOrder?: true;
  lostSegment?: true;
  windowFull?: true;
  flow?: string;
}

const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
const whole = (name: string): Column => ({ name, type: "BIGINT", meaning: name });
const flag = (name: string): Column => ({ name, type: "BOOLEAN", meaning: name });

const columns: Column[] = [
  ...[whole("frame"), whole("time_ns"), text("flow"), text("sender"), text("kind")],
  ...["tcp_seq", "tcp_seq_end", "tcp_ack", "payload_bytes", "window_bytes", "window_edge"].map(whole),
  ...[text("sack_le"), text("sack_re"), flag("dsack"), whole("in_flight_bytes")],
  ...["retransmission", "out_of_order", "lost_segment", "zero_window", "window_full"].map(flag),
];

const again = ["fast", "recovery", "rto", "spurious"];

/** A Table of segments, in order. */
export function segmentsOf(rows: Segment[], own: Partial<Provenance> = {}): Promise<Table> {
  const values = rows.map((row, i): Value[] => {
    const { ms, sender, kind, seq, length = 0, ack = null, window = null, sack, flow = "tcp 0" } = row;
    const end = seq + length + (kind === "syn" || kind === "fin" ? 1 : 0);
    const edge = ack === null || window === null ? null : ack + window;
    return [
      ...[i + 1, start + BigInt(Math.round(ms * 1e6)), flow, sender, kind],
      ...[seq, end, ack, length, window, edge],
      ...[sack?.[0] ?? null, sack?.[1] ?? null, row.dsack ?? false, null],
      ...[
        again.includes(kind),
        row.outOfOrder ?? false,
        row.lostSegment ?? false,
        window === 0 && kind !== "rst",
      ],
      row.windowFull ?? false,
    ];
  });
  return tableOf(columns, values, provenance(own));
}

/** The server sends 4 segments; the second is lost and sent again, then the client takes no more for a while. */
export const lossy: Segment[] = [
  { ms: 0, sender: "client", kind: "syn", seq: 0, window: 60_000 },
  { ms: 1, sender: "server", kind: "syn", seq: 0, ack: 1, window: 60_000 },
  { ms: 2, sender: "client", kind: "ack", seq: 1, ack: 1, window: 4000 },
  { ms: 3, sender: "server", kind: "data", seq: 1, length: 1000, ack: 1, window: 9000 },
  { ms: 4, sender: "server", kind: "data", seq: 2001, length: 1000, ack: 1, window: 9000, lostSegment: true },
  { ms: 5, sender: "server", kind: "data", seq: 3001, length: 1000, ack: 1, window: 9000, windowFull: true },
  { ms: 6, sender: "client", kind: "ack", seq: 1, ack: 1001, window: 3000 },
  { ms: 7, sender: "client", kind: "duplicate ack", seq: 1, ack: 1001, window: 3000, sack: ["2001", "3001"] },
  { ms: 8, sender: "client", kind: "duplicate ack", seq: 1, ack: 1001, window: 3000, sack: ["2001", "4001"] },
  { ms: 9, sender: "server", kind: "fast", seq: 1001, length: 1000, ack: 1, window: 9000 },
  { ms: 10, sender: "client", kind: "ack", seq: 1, ack: 4001, window: 0 },
  { ms: 12, sender: "server", kind: "keep-alive", seq: 4000, ack: 1, window: 9000 },
  {
    ms: 14,
    sender: "client",
    kind: "ack",
    seq: 1,
    ack: 4001,
    window: 0,
    sack: ["1001", "2001"],
    dsack: true,
  },
  { ms: 18, sender: "client", kind: "ack", seq: 1, ack: 4001, window: 4000 },
  { ms: 19, sender: "server", kind: "fin", seq: 4001, ack: 1, window: 9000 },
  { ms: 20, sender: "client", kind: "rst", seq: 1 },
];

/** As many segments as a hundred thousand times `range` allows, made by DuckDB: of each rare thing there is one. */
export async function manySegments(count: number): Promise<Table> {
  const one = await segmentsOf([{ ms: 0, sender: "client", kind: "ack", seq: 0 }]);
  const client = "i % 3 = 2";
  return one.query(`
    SELECT (i + 1)::INTEGER AS frame, ${start} + i * 1000 AS time_ns, 'tcp 0' AS flow,
      CASE WHEN ${client} THEN 'client' ELSE 'server' END AS sender,
      CASE WHEN ${client} THEN 'ack' WHEN i = 300000 THEN 'rto' WHEN i = 400002 THEN 'spurious' ELSE 'data' END AS kind,
      i * 1000 AS tcp_seq, i * 1000 + CASE WHEN ${client} THEN 0 ELSE 1000 END AS tcp_seq_end,
      CASE WHEN ${client} THEN i * 1000 - 20000 END AS tcp_ack, CASE WHEN ${client} THEN 0 ELSE 1000 END AS payload_bytes,
      CASE WHEN i = 500000 THEN 0 ELSE 60000 END AS window_bytes, CASE WHEN ${client} THEN i * 1000 + 40000 END AS window_edge,
      NULL::VARCHAR AS sack_le, NULL::VARCHAR AS sack_re, false AS dsack, NULL::BIGINT AS in_flight_bytes,
      i IN (300000, 400002) AS retransmission, i = 600003 AS out_of_order, i = 700002 AS lost_segment,
      i = 500000 AS zero_window, false AS window_full
    FROM range(${count}) rows(i)`);
}
