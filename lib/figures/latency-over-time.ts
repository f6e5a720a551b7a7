import type { Frame, Table } from "../tables/index.js";
import type { Figure } from "./figure.js";
import { groupSql, latencyScatter, type Scale, timedOf } from "./latency/index.js";
import { needsColumns } from "./needs.js";

/** How {@link latencyOverTime} shows durations. */
export interface LatencyOverTimeOptions {
  /**
   * The column whose values are the colours: `sender`, `server`, `dst`, `client`, `src`, `flow`, `name`, `type`, `by`, `transport`,
   * where the table has it. Default: the first of these.
   */
  by?: string;
  /** The axis of durations. Default: `log` where the longest is many times the median, else `linear`. */
  scale?: Scale;
}

const wanted = {
  figure: "latencyOverTime",
  made: "dnsQueries(capture), or pings(capture), or rttSamples(capture)",
};

/**
 * How long answers took over time, a point for each: questions of DNS, pings, round trips of TCP. What was never answered stands on a
 * line of its own at the bottom; a question that had to be asked again stands as high as the client waited.
 *
 * Time is seconds since the first packet; the subtitle has the absolute time. Of more than 1,000 rows, each series shows the shortest and
 * the longest of each stretch of time (at most 250). The seven most frequent values of `by` have a colour each, the rest is grey.
 *
 * @param table as `dnsQueries`, `pings` or `rttSamples` return it; or any with `time_ns`, `frame` and `rtt_ns`
 * @throws SkbookError `BAD_PARAMETER` for another table, or an option out of range
 * @example await latencyOverTime(await dnsQueries(cap), { by: "server" })
 */
export async function latencyOverTime(
  table: Table | Frame,
  { by, scale }: LatencyOverTimeOptions = {},
): Promise<Figure> {
  needsColumns(wanted, table, ["time_ns", "frame", "rtt_ns"]);
  const timed = timedOf(wanted, table);
  const name = groupSql("latencyOverTime", timed, by);
  return latencyScatter({
    figure: "latencyOverTime",
    table,
    timed,
    name,
    group: by ?? timed.groups[0] ?? "row",
    scale,
  });
}
