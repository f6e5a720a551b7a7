import { defineHistogram, type Probe } from "../../lib/probes/index.js";
import type { SoftirqSummaryParameters } from "../parameters.js";
import { now, since, softirqClauses, softirqFields, softirqFilters, softirqHooks } from "./softirqs.js";

/**
 * Measures how long softirqs waited and how long they ran, by vector, in the kernel: NET_RX handles what came in, NET_TX ends what went out. Each softirq costs the host
 * some microseconds: the result says how much it was.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `vectors`, one or several names such as NET_RX (default all); `by`, any of vector, cpu, ksoftirqd
 * (default vector).
 *
 * Columns:
 * - `vector` VARCHAR: which softirq, as /proc/softirqs names it
 * - `interval` VARCHAR: waiting: from its raise until it runs; running: from its begin to its end
 * - `count` BIGINT: samples
 * - `total_ns` BIGINT, ns: sum of them; null where it isn't known
 * - `avg_ns` DOUBLE, ns: mean of them; null with their sum
 * - `p50_low_ns` BIGINT, ns: percentile 50: bound below
 * - `p50_high_ns` BIGINT, ns: percentile 50: bound above
 * - `p90_low_ns` BIGINT, ns: percentile 90: bound below
 * - `p90_high_ns` BIGINT, ns: percentile 90: bound above
 * - `p99_low_ns` BIGINT, ns: percentile 99: bound below
 * - `p99_high_ns` BIGINT, ns: percentile 99: bound above
 * - `p999_low_ns` BIGINT, ns: percentile 99.9: bound below
 * - `p999_high_ns` BIGINT, ns: percentile 99.9: bound above
 * - `max_low_ns` BIGINT, ns: the longest: bound below
 * - `max_high_ns` BIGINT, ns: the longest: bound above
 *
 * What a hard interrupt took meanwhile is in `running`. A softirq that was raised before the probe began counts in `running` alone; one that is raised again while it waits waits since the first time. A long wait with `ksoftirqd`
 * true means that the CPU was given to threads first.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await softirqSummary(host, { seconds: 10, vectors: "NET_RX", by: ["cpu", "ksoftirqd"] })
 */
export const softirqSummary: Probe<SoftirqSummaryParameters, "frame"> = defineHistogram({
  name: "softirqSummary",
  revision: 3,
  measures: "how long softirqs waited and ran, as a distribution that the kernel keeps",
  hooks: softirqHooks,
  filters: softirqFilters,
  by: softirqFields,
  usual: ["vector"],
  intervals: { waiting: "from its raise until it runs", running: "from its begin to its end" },
  program: ({ sample, ...writing }) =>
    softirqClauses(writing, {
      waited: (at) => sample(at, "waiting", since, now),
      ran: (at) => sample(at, "running", since, now),
    }),
});
