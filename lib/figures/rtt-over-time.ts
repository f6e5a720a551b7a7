import type { Frame, Table } from "../tables/index.js";
import type { Figure } from "./figure.js";
import { latencyScatter, type Scale, timedOf } from "./latency/index.js";
import { needsColumns } from "./needs.js";

/** How {@link rttOverTime} shows round trips. */
export interface RttOverTimeOptions {
  /** The axis of durations. Default: `log` where the longest is many times the median, else `linear`. */
  scale?: Scale;
}

const wanted = { figure: "rttOverTime", made: 'rttSamples(capture, { flow: "tcp 0" })' };

/**
 * Round trips of TCP over time, a point for each sample: by whose data made the trip, and by what it was measured (an ack, or a
 * timestamp's echo, which stays right under retransmission). A rise with more data in flight is a queue filling; one without is the path,
 * or a delayed ack. What a side's data shows is the way from the point of capture to the other side and back: the sum of both sides is the
 * whole path.
 *
 * Time is seconds since the first sample; the subtitle has the absolute time. Of more than 1,000 samples, each series shows the shortest
 * and the longest of each stretch of time (at most 250).
 *
 * @param samples as `rttSamples` returns them, of one connection or several
 * @throws SkbookError `BAD_PARAMETER` for another table, or a scale that there isn't
 * @example await rttOverTime(await rttSamples(cap, { flow: "tcp 5" }))
 */
export async function rttOverTime(
  samples: Table | Frame,
  { scale }: RttOverTimeOptions = {},
): Promise<Figure> {
  needsColumns(wanted, samples, ["time_ns", "frame", "flow", "sender", "rtt_ns", "by"]);
  return latencyScatter({
    figure: "rttOverTime",
    table: samples,
    timed: timedOf(wanted, samples),
    name: `sender || '''s data, by ' || "by"`,
    group: "series",
    scale,
  });
}
