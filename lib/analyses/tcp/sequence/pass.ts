import type { Capture, Pass, PassWriter } from "../../../captures/index.js";
import { type Column, type Derivation, type NumberRows, streamNumbers } from "../../../tables/index.js";
import { holeColumns, segmentColumns } from "./columns.js";
import { Connection } from "./connection.js";
import { orderedViews } from "./order.js";
import { pieceValues, Rows } from "./rows.js";
import { clear, emptySegment, noMarks, type Segment } from "./segment.js";

/** Columns that tshark's analysis gives: what they say is said by the pass. */
const marksOfTshark = [
  ...["retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "lost_segment"],
  ...["ack_lost_segment", "duplicate_ack", "zero_window", "window_full", "keep_alive", "zero_window_probe"],
  ...["ack_rtt_ns", "initial_rtt_ns", "rto_ns", "in_flight_bytes"],
];

/** What the pass reads of a packet, in SQL. Only numbers, and none of them null. */
const reads: { [name: string]: string } = {
  frame: "frame",
  connection: "connection",
  from_client: "coalesce(from_client, false)",
  time: "coalesce(CAST(time_ns - (SELECT min(time_ns) FROM unsorted) AS DOUBLE), 'NaN')",
  flags: [
    "coalesce(syn, false)::INTEGER",
    "2 * coalesce(ack, false)::INTEGER",
    "4 * coalesce(fin, false)::INTEGER",
    "8 * coalesce(rst, false)::INTEGER",
    "16 * (sack_le IS NOT NULL)::INTEGER",
  ].join(" + "),
  seq: "coalesce(tcp_seq_raw, -1)",
  ack: "coalesce(tcp_ack_raw, -1)",
  bytes: "coalesce(tcp_len_bytes, 0)",
  // As sent: tshark knows a window's scale by addresses and ports alone.
  window: `CASE WHEN tcp_window_scale > 0 AND NOT syn THEN coalesce(tcp_window_bytes // tcp_window_scale, -1)
    ELSE coalesce(tcp_window_bytes, -1) END`,
  shift: `coalesce(tcp_window_shift, CASE WHEN captured_bytes < wire_bytes AND wire_bytes - captured_bytes > tcp_len_bytes THEN -2 ELSE -1 END)`,
  stamp: "coalesce(tcp_tsval, -1)",
};

/**
 * The sequence spaces of all TCP connections, in one pass over the packets: `segments` says of each packet what it brings and what it
 * acknowledges, `holes` what was missing and what became of it. Memory goes by the connections that are open.
 */
export const sequencePass: Pass<"segments" | "holes"> = {
  name: "sequence",
  code: new URL("./", import.meta.url),
  tables: { segments: segmentColumns, holes: holeColumns },
  replaces: marksOfTshark,
  run,
};

async function run(
  sources: Derivation["sources"],
  capture: Capture,
  { segments, holes }: { segments: PassWriter; holes: PassWriter },
): Promise<void> {
  const { views, orderBy } = orderedViews(capture.facts.inOrder);
  const rows = new Rows(segmentColumns.length, segments);
  const pieces = new Rows(holeColumns.length, holes);
  const { provenance } = capture;
  const ends: { [name: string]: string } = { connection: "connection", last_frame: "last_frame" };
  const lastFrames = new Map<number, number>();
  await streamNumbers(
    { sources, views, query: selectOf(ends, "ends"), columns: columnsOf(ends), provenance },
    async ({ rows: count, columns: [numbers, frames] }) => {
      for (let row = 0; row < count; row++)
        lastFrames.set((numbers as Float64Array)[row] as number, (frames as Float64Array)[row] as number);
    },
  );
  const reader = new Reader(rows, pieces, lastFrames);
  await streamNumbers(
    {
      sources,
      views,
      query: `${selectOf(reads, "ordered")} ${orderBy}`,
      columns: columnsOf(reads),
      provenance,
    },
    async (piece) => {
      reader.read(piece);
      await rows.settle();
      await pieces.settle();
    },
  );
  reader.end();
  await rows.finish();
  await pieces.finish();
}

function selectOf(columns: { [name: string]: string }, from: string): string {
  return `SELECT ${Object.entries(columns).map(([name, sql]) => `${sql} AS "${name}"`)} FROM ${from}`;
}

function columnsOf(columns: { [name: string]: string }): Column[] {
  return Object.keys(columns).map((name) => ({ name, type: "DOUBLE", meaning: "read" }));
}

/** Leads each packet to its connection. */
class Reader {
  private readonly connections = new Map<number, Connection>();
  private readonly segment = emptySegment();
  private readonly marks = noMarks();
  private place = 0;

  constructor(
    private readonly rows: Rows,
    private readonly pieces: Rows,
    /** Of each connection the packet that is its last. */
    private readonly lastFrames: ReadonlyMap<number, number>,
  ) {}

  read({ rows, columns }: NumberRows): void {
    const { segment, marks } = this;
    for (let row = 0; row < rows; row++) {
      const value = (column: number) => (columns[column] as Float64Array)[row] as number;
      this.place++;
      fill(segment, value);
      clear(marks);
      const number = value(1);
      if (number === 0 || segment.seqRaw < 0) this.rows.addMarks(segment.frame, this.place, null);
      else {
        const connection = this.connectionOf(number);
        connection.take(segment, value(2) === 1, marks);
        this.rows.addMarks(segment.frame, this.place, marks);
      }
      if (this.lastFrames.get(number) === segment.frame) this.close(number);
    }
  }

  /** Ends what is still open. */
  end(): void {
    for (const number of [...this.connections.keys()]) this.close(number);
  }

  private connectionOf(number: number): Connection {
    let connection = this.connections.get(number);
    if (connection === undefined) {
      connection = new Connection((piece) => this.pieces.add(pieceValues(piece)));
      this.connections.set(number, connection);
    }
    return connection;
  }

  private close(number: number): void {
    this.connections.get(number)?.end();
    this.connections.delete(number);
  }
}

/** In the order of {@link reads}. */
function fill(segment: Segment, value: (column: number) => number): void {
  const flags = value(4);
  segment.frame = value(0);
  segment.time = value(3);
  segment.timed = !Number.isNaN(segment.time);
  segment.syn = (flags & 1) !== 0;
  segment.ack = (flags & 2) !== 0;
  segment.fin = (flags & 4) !== 0;
  segment.rst = (flags & 8) !== 0;
  segment.sack = (flags & 16) !== 0;
  segment.seqRaw = value(5);
  segment.ackRaw = value(6);
  segment.bytes = value(7);
  segment.window = value(8);
  segment.shift = value(9);
  segment.stamp = value(10);
}
