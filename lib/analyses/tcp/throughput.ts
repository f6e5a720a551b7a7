import { z } from "zod";
import type { Capture, TrafficFilter } from "../../captures/index.js";
import { SkbookError } from "../../errors/index.js";
import { type Column, type Table, unixNanoseconds } from "../../tables/index.js";
import { flow, sender } from "../query/index.js";
import { sequencesOf } from "./sequence/index.js";

/** How {@link tcpThroughput} counts. */
export interface ThroughputOptions extends TrafficFilter {
  /** Width of a bin in milliseconds. Default 100. */
  binMs?: number;
}

const bytes = (name: string, meaning: string): Column => ({ name, type: "BIGINT", unit: "bytes", meaning });

const columns: Column[] = [
  {
    name: "time_ns",
    type: "BIGINT",
    unit: unixNanoseconds,
    meaning: "start of the bin; bins start at the first packet",
  },
  flow,
  sender,
  bytes("payload_bytes", "payload in the bin"),
  bytes("resent_bytes", "payload of that sent again"),
  bytes("wire_bytes", "all packets of the bin, headers included"),
  {
    name: "goodput_bits_per_second",
    type: "DOUBLE",
    unit: "bit/s",
    meaning: "payload without what was sent again, over the bin's width",
  },
  {
    name: "throughput_bits_per_second",
    type: "DOUBLE",
    unit: "bit/s",
    meaning: "bits on the wire over the bin's width",
  },
  bytes("max_in_flight_bytes", "most that was sent and not acknowledged; null without data"),
  bytes(
    "min_window_bytes",
    "smallest receive window that the other side announced meanwhile; null where unknown",
  ),
];

const shape = z.object({ binMs: z.number().min(0.001).max(86_400_000).default(100) });

/**
 * What each TCP connection carried over time, by direction, beside what limited it: bytes in flight and the other side's window. Bins
 * start at the first packet, as those of `traffic` do.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: start of the bin; bins start at the first packet
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `sender` VARCHAR: client or server: who sent it
 * - `payload_bytes` BIGINT, bytes: payload in the bin
 * - `resent_bytes` BIGINT, bytes: payload of that sent again
 * - `wire_bytes` BIGINT, bytes: all packets of the bin, headers included
 * - `goodput_bits_per_second` DOUBLE, bit/s: payload without what was sent again, over the bin's width
 * - `throughput_bits_per_second` DOUBLE, bit/s: bits on the wire over the bin's width
 * - `max_in_flight_bytes` BIGINT, bytes: most that was sent and not acknowledged; null without data
 * - `min_window_bytes` BIGINT, bytes: smallest receive window that the other side announced meanwhile; null where unknown
 *
 * @returns a Table in order of time, one row per bin, connection and sender; none for bins in which it sent nothing.
 * @throws SkbookError as `flows` does; `BAD_PARAMETER`.
 */
export async function tcpThroughput(capture: Capture, options: ThroughputOptions = {}): Promise<Table> {
  const { binMs: _, ...filter } = options;
  const parsed = shape.safeParse(options);
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error));
  const binNs = Math.round(parsed.data.binMs * 1e6);
  const bitsPerSecond = (bytes: string) => `CAST(${8e9 / binNs} AS DOUBLE) * (${bytes})`;
  const scope = await sequencesOf(capture, filter);
  // Smaller numbers are grouped and sorted sooner.
  const { durationSeconds } = scope.capture.facts;
  const bins = durationSeconds !== null && (durationSeconds * 1e9) / binNs < 2 ** 31 ? "INTEGER" : "BIGINT";
  return scope.table({
    source: "tcpThroughput",
    views: {
      first: "SELECT min(time_ns) AS first_ns FROM seen",
      // Conversations are numbered from 1 on. A join would cost more, and may give up the order of the rows.
      names: "SELECT list(flow ORDER BY flow_number) AS flows FROM conversations",
    },
    query: `
      WITH bins AS (
        SELECT CAST((time_ns - first_ns) // ${binNs} AS ${bins}) AS bin, CAST(flow_number * 2 + CAST(NOT from_client AS INTEGER) AS INTEGER) AS side,
          ${summed("tcp_len_bytes")} AS payload_bytes, coalesce(${summed("tcp.resent_bytes")}, 0) AS resent_bytes,
          ${summed("wire_bytes")} AS wire_bytes, max(in_flight_bytes) AS max_in_flight_bytes,
          min(tcp_window_bytes) FILTER (NOT syn AND NOT rst AND tcp_window_scale <> -1) AS window_bytes
        FROM tcp, first GROUP BY ALL),
      sorted AS (FROM bins ORDER BY bin, side),
      -- The other side of a connection stands next to it. Joining it would cost a third more.
      ordered AS (
        SELECT *, CASE
          WHEN side % 2 = 0 THEN CASE WHEN ${isOther("lead", "+")} THEN lead(window_bytes) OVER () END
          WHEN ${isOther("lag", "-")} THEN lag(window_bytes) OVER () END AS min_window_bytes
        FROM sorted)
      SELECT first_ns + CAST(bin AS BIGINT) * ${binNs} AS time_ns, flows[side // 2] AS flow,
        CASE WHEN side % 2 = 0 THEN 'client' ELSE 'server' END AS sender,
        payload_bytes, resent_bytes, wire_bytes,
        ${bitsPerSecond("payload_bytes - resent_bytes")} AS goodput_bits_per_second,
        ${bitsPerSecond("wire_bytes")} AS throughput_bits_per_second, max_in_flight_bytes, min_window_bytes
      FROM ordered, first, names`,
    columns,
  });
}

/** In SQL: a sum of whole numbers. A DOUBLE, which has all of them below 2^53, takes half the room of the HUGEINT that DuckDB adds integers to. */
function summed(bytes: string): string {
  return `CAST(sum(CAST(${bytes} AS DOUBLE)) AS BIGINT)`;
}

/** In SQL: whether the row before or behind is that of the same bin's other side. */
function isOther(beside: "lead" | "lag", step: "+" | "-"): string {
  return `${beside}(bin) OVER () = bin AND ${beside}(side) OVER () = side ${step} 1`;
}

function wrong(failed: string): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: "measure TCP over time",
    failed,
    todo: "give binMs in milliseconds, from 0.001",
  });
}
