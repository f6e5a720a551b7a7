import { defineHistogram, type Probe } from "../../lib/probes/index.js";
import type { BacklogSummaryParameters } from "../parameters.js";
import {
  backlog,
  backlogClauses,
  backlogFilters,
  backlogHooks,
  backlogNotes,
  endings,
  places,
  wait,
} from "./waiting.js";

/**
 * Measures how long packets waited in the backlogs of CPUs, in the kernel: since they were put there (by the drivers of virtual devices, such as an internal port of Open vSwitch, veth or loopback,
 * and by RPS), until the stack received them in a softirq. Each packet costs the host about a microsecond: the result says how much it was.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `device`; filters of packets, as {@link dropSummary} has them; `by`, any of device, cpu, from_cpu,
 * migrated, ksoftirqd (default device, migrated).
 *
 * Columns:
 * - `device` VARCHAR: network interface that the packets came in by
 * - `migrated` BOOLEAN: one CPU put them into another's backlog (RPS)
 * - `interval` VARCHAR: received: until the stack received it; dropped: until it was dropped, since there was no room; open: in a
 *   backlog still at the end; counted together
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
 * What NAPI brings in, as from most NICs, goes through no backlog unless RPS gives it to another CPU. A long wait with `ksoftirqd` true means that the CPU was given to threads first; `dropped`: the backlog had
 * `net.core.netdev_max_backlog` packets, which {@link softnetCounters} counts too. Times between CPUs are by clocks that the kernel keeps together.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await backlogSummary(host, { seconds: 10, by: ["device", "cpu", "ksoftirqd"] })
 */
export const backlogSummary: Probe<BacklogSummaryParameters, "frame"> = defineHistogram({
  name: "backlogSummary",
  revision: 2,
  measures: "how long packets waited in the backlogs of CPUs, as a distribution that the kernel keeps",
  hooks: backlogHooks,
  mapKeys: 16_384,
  filters: backlogFilters,
  by: places,
  usual: ["device", "migrated"],
  intervals: endings,
  open: { map: backlog, meaning: "in a backlog still at the end; counted together" },
  program: (writing) =>
    backlogClauses(writing, writing.by.includes("device"), writing.begin, (at) =>
      writing.sample(at, wait.how, wait.began, wait.ended),
    ),
  notes: backlogNotes,
});
