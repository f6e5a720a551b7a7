import { z } from "zod";
import { type Capture, type Scope, scopeOf, type TrafficFilter } from "../../captures/index.js";
import { SkbookError } from "../../errors/index.js";
import type { Column, Table, Value } from "../../tables/index.js";

/** How {@link traffic} counts. */
export interface TrafficOptions extends TrafficFilter {
  /** Width of a bin in milliseconds. Default 1000, or 10 times that as often as it takes for at most 100,000 bins. */
  binMs?: number;
  /** Counts apart by: `transport`, `protocol` (the highest), `flow`, `sender` (client or server). Default: all together. */
  by?: "transport" | "protocol" | "flow" | "sender";
}

const columns: Column[] = [
  { name: "time_ns", type: "BIGINT", unit: "ns since 1970", meaning: "start of the bin" },
  { name: "series", type: "VARCHAR", meaning: "what is counted apart; `all` without `by`" },
  { name: "packets", type: "BIGINT", unit: "packets", meaning: "in the bin" },
  { name: "wire_bytes", type: "BIGINT", unit: "bytes", meaning: "in the bin, as on the wire" },
  { name: "packets_per_second", type: "DOUBLE", unit: "packets/s", meaning: "packets by the bin's width" },
  { name: "bits_per_second", type: "DOUBLE", unit: "bit/s", meaning: "bits on the wire by the bin's width" },
];

const keys = {
  transport: "coalesce(seen.transport, 'none')",
  protocol: "coalesce(protocol, 'unknown')",
  flow: "coalesce(flow, 'none')",
  sender: "CASE WHEN from_client THEN 'client' WHEN NOT from_client THEN 'server' ELSE 'none' END",
};

const shape = z.object({
  binMs: z.number().positive().max(86_400_000_000).optional(),
  by: z.enum(["transport", "protocol", "flow", "sender"]).optional(),
});

/** More bins than these make a figure of nothing. */
const maxBins = 1_000_000;

/**
 * Packets and bits over time. Bins start at the first packet; a bin without packets has a row of zeros. The first and
 * last bin are counted by their whole width, though the capture may cover a part of them. Records of a pcapng file that have no time
 * are in no bin.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: start of the bin
 * - `series` VARCHAR: what is counted apart; `all` without `by`
 * - `packets` BIGINT, packets: in the bin
 * - `wire_bytes` BIGINT, bytes: in the bin, as on the wire
 * - `packets_per_second` DOUBLE, packets/s: packets by the bin's width
 * - `bits_per_second` DOUBLE, bit/s: bits on the wire by the bin's width
 *
 * @returns a Table in order of time, one row per bin and series.
 * @throws SkbookError as `flows` does; `BAD_PARAMETER` for a wrong or much too small `binMs`.
 */
export async function traffic(capture: Capture, options: TrafficOptions = {}): Promise<Table> {
  const { binMs: _, by: __, ...filter } = options;
  const parsed = shape.safeParse(options);
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error));
  const { binMs, by } = parsed.data;
  const scope = await scopeOf(capture, filter);
  const span = await spanMs(scope);
  const binNs = Math.round((binMs ?? defaultBinMs(span)) * 1e6);
  if (span * 1e6 > maxBins * binNs) throw wrong(`bins of ${binMs} ms are more than a million bins here`);
  const series = by === undefined ? "'all'" : keys[by];
  return scope.table({
    source: "traffic",
    views: {
      span: "SELECT min(time_ns) AS first, max(time_ns) AS last FROM seen",
      binned: `
        SELECT (time_ns - first) // ${binNs} AS bin, ${series} AS series, count(*) AS packets, sum(wire_bytes) AS wire_bytes
        FROM seen LEFT JOIN conversations USING (flow_number), span WHERE time_ns IS NOT NULL GROUP BY 1, 2`,
      bins: `SELECT unnest(generate_series(0, (last - first) // ${binNs})) AS bin FROM span WHERE first IS NOT NULL`,
      grid: "SELECT bin, series FROM bins, (SELECT DISTINCT series FROM binned)",
    },
    query: `
      SELECT first + bin * ${binNs} AS time_ns, series, coalesce(packets, 0) AS packets, coalesce(wire_bytes, 0) AS wire_bytes,
        coalesce(packets, 0) / ${binNs / 1e9} AS packets_per_second,
        8.0 * coalesce(wire_bytes, 0) / ${binNs / 1e9} AS bits_per_second
      FROM grid LEFT JOIN binned USING (bin, series), span ORDER BY bin, series`,
    columns,
  });
}

/** Of the packets' own times: what a damaged file says of itself may be far off. */
async function spanMs(scope: Scope): Promise<number> {
  const span = await scope.frame({
    source: "traffic",
    query: "SELECT (max(time_ns) - min(time_ns)) / 1e6 AS span_ms FROM seen",
    columns: [{ name: "span_ms", type: "DOUBLE", meaning: "from the first packet to the last" }],
  });
  return Number((span.values as Value[][])[0]?.[0] ?? 0);
}

function defaultBinMs(span: number): number {
  let binMs = 1000;
  while (span / binMs > 100_000) binMs *= 10;
  return binMs;
}

function wrong(failed: string): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: "count traffic over time",
    failed,
    todo: "give binMs in milliseconds, and by one of transport, protocol, flow, sender",
  });
}
