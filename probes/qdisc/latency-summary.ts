import { defineHistogram, type Probe } from "../../lib/probes/index.js";
import type { QdiscLatencySummaryParameters } from "../parameters.js";
import { endings, places, wait, waitingClauses, waitingFilters, waitingHooks } from "./waiting.js";

/**
 * Measures how long packets waited on their way out of a device, in the kernel: since the stack handed them to its queueing discipline, until its driver was given them or they were dropped. What the
 * discipline held is apart from what bypassed it, so that a queue that is nearly always empty doesn't hide behind its fast packets. Each packet out costs the host about a microsecond: the result says how much it was.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `device`; filters of packets, as {@link dropSummary} has them; `by`, any of device, queue, qdisc (default
 * device, qdisc).
 *
 * Columns:
 * - `device` VARCHAR: network interface that the packets leave by
 * - `qdisc` VARCHAR: kind of that queue's discipline, as `tc qdisc` shows it; noqueue where it has none
 * - `interval` VARCHAR: queued: until the driver was given what a queueing discipline had held; bypassed: until the driver was
 *   given what none had held, since it was empty, or there is none; dropped: until it was dropped on that way; unseen: given to
 *   the driver, not seen when it was handed over: a piece of a larger one, tried again, or there before the probe
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
 * The counts of `queued`, `bypassed` and `unseen` together are what the driver was given. `queued` includes the wait for room in a NIC's ring, which stops the queue; what happens behind that the host doesn't see. A
 * packet that is cut into segments on its way (by tbf or cake, or for a device without segmentation offload) is not followed: its pieces are `unseen`. What a discipline drops is `dropped`, also what it drops and says nothing of,
 * and what it holds as it is taken away. Frames that a packet socket or AF_XDP sends past the disciplines show nowhere. Devices of one name in several network namespaces count together.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await qdiscLatencySummary(host, { seconds: 10, device: "eth0", by: ["queue", "qdisc"] })
 */
export const qdiscLatencySummary: Probe<QdiscLatencySummaryParameters, "frame"> = defineHistogram({
  name: "qdiscLatencySummary",
  revision: 2,
  measures: "how long packets waited in queueing disciplines, as a distribution that the kernel keeps",
  hooks: waitingHooks,
  mapKeys: 32_768,
  filters: waitingFilters,
  by: places,
  usual: ["device", "qdisc"],
  intervals: endings,
  untimed: {
    unseen:
      "given to the driver, not seen when it was handed over: a piece of a larger one, tried again, or there before the probe",
  },
  program: (writing) =>
    waitingClauses(writing, writing.by, {
      ended: (at) => writing.sample(at, wait.how, wait.began, wait.ended),
      unseen: (at) => writing.tally(at, "unseen"),
    }),
});
