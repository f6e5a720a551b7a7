import { z } from "zod";
import type { Capture, TrafficFilter } from "../../captures/index.js";
import { SkbookError } from "../../errors/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, flow, runningCount, sender, start } from "../query/index.js";
import { retransmissions } from "./retransmissions.js";
import { sequencesOf } from "./sequence/index.js";

/** What {@link retransmissionBursts} takes for a burst. */
export interface BurstOptions extends TrafficFilter {
  /** So many retransmissions or more. Default 5. */
  atLeast?: number;
  /** Within so many milliseconds. Default 1000. */
  withinMs?: number;
}

const columns: Column[] = [
  flow,
  sender,
  start,
  duration("duration_ns", "from its first retransmission to its last"),
  count("retransmissions", "in the burst"),
  count("most", "within the time given, at its worst"),
  { name: "resent_bytes", type: "BIGINT", unit: "bytes", meaning: "payload sent again in the burst" },
  count("fast", "fast retransmissions among them, further ones of the same recovery included"),
  count("rto", "retransmissions after a timeout among them"),
  count("spurious", "spurious ones among them"),
  count("syn", "SYNs among them"),
];

const shape = z.object({
  atLeast: z.int().min(2).default(5),
  withinMs: z.number().positive().max(86_400_000).default(1000),
});

/**
 * Times in which a sender had to send much again: `atLeast` retransmissions of one connection and direction within `withinMs`. Times
 * that overlap are one burst.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `sender` VARCHAR: client or server: who sent it
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `duration_ns` BIGINT, ns: from its first retransmission to its last
 * - `retransmissions` BIGINT, packets: in the burst
 * - `most` BIGINT, packets: within the time given, at its worst
 * - `resent_bytes` BIGINT, bytes: payload sent again in the burst
 * - `fast` BIGINT, packets: fast retransmissions among them, further ones of the same recovery included
 * - `rto` BIGINT, packets: retransmissions after a timeout among them
 * - `spurious` BIGINT, packets: spurious ones among them
 * - `syn` BIGINT, packets: SYNs among them
 *
 * @returns a Table, one row per burst, in order of time.
 * @throws SkbookError as `flows` does; `BAD_PARAMETER`.
 */
export async function retransmissionBursts(capture: Capture, options: BurstOptions = {}): Promise<Table> {
  const { atLeast: _, withinMs: __, ...filter } = options;
  const parsed = shape.safeParse(options);
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error));
  const { atLeast, withinMs } = parsed.data;
  const withinNs = Math.round(withinMs * 1e6);
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "retransmissionBursts",
    sources: { again: await retransmissions(capture, filter) },
    views: {
      retransmitted: "SELECT again.*, flow_number FROM again JOIN conversations USING (flow)",
      counted: `
        SELECT *, count(*) OVER (side RANGE BETWEEN CURRENT ROW AND ${withinNs} FOLLOWING) AS ahead FROM retransmitted
        WINDOW side AS (PARTITION BY flow_number, sender ORDER BY time_ns)`,
      covered: `
        SELECT *, max(ahead) OVER (side RANGE BETWEEN ${withinNs} PRECEDING AND CURRENT ROW) >= ${atLeast} AS inside FROM counted
        WINDOW side AS (PARTITION BY flow_number, sender ORDER BY time_ns)`,
      islands: `
        SELECT *, ${runningCount("begins")} OVER (PARTITION BY flow_number, sender ORDER BY time_ns, frame) AS burst
        FROM (
          SELECT *, coalesce(time_ns - lag(time_ns) OVER (PARTITION BY flow_number, sender ORDER BY time_ns, frame) > ${withinNs}, true) AS begins
          FROM covered WHERE inside)`,
    },
    query: `
      SELECT any_value(flow) AS flow, sender, min(time_ns) AS start_ns, max(time_ns) - min(time_ns) AS duration_ns,
        count(*) AS retransmissions, max(ahead) AS most, sum(resent_bytes) AS resent_bytes,
        count(*) FILTER (kind IN ('fast', 'recovery')) AS fast, count(*) FILTER (kind = 'rto') AS rto,
        count(*) FILTER (kind = 'spurious') AS spurious, count(*) FILTER (kind = 'syn') AS syn
      FROM islands GROUP BY flow_number, sender, burst ORDER BY start_ns, flow_number, sender`,
    columns,
  });
}

function wrong(failed: string): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: "look for bursts of retransmissions",
    failed,
    todo: "give atLeast as a whole number above 1, withinMs in milliseconds",
  });
}
