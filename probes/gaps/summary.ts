import { defineHistogram, forgetSides, type Probe } from "../../lib/probes/index.js";
import type { GapSummaryParameters } from "../parameters.js";
import {
  flowAtEnd,
  flowEndings,
  flows,
  gapClauses,
  gapFilters,
  gapHooks,
  gapNotes,
  gapParameters,
  gapPlaces,
  silence,
} from "./silence.js";

/**
 * Finds flows that fall silent, in the kernel: how often one had no packet for longer than a threshold, and for how long, by device and direction. What is silent on both the device that it comes in by and the one that it leaves by, did not get here:
 * its sender kept it back, or the way here lost or held it; what is silent only where it leaves, this host held or lost.
 *
 * Parameters: see {@link GapSummaryParameters}; `by`, any of device, direction, flow (default device, direction).
 *
 * Columns:
 * - `device` VARCHAR: network interface that the packets were seen on
 * - `direction` VARCHAR: in: the host received them by the device; out: it handed them to its driver
 * - `interval` VARCHAR: silent: between two packets of a flow, of longerThanMs or more; open: flows that were silent for so long
 *   when the measuring ended, and still are; flowing: flows that were not; over: flows of TCP that had said their end (FIN or
 *   RST); unfollowed: packets of flows that there was no room for
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
 * A flow is one way: addresses, protocol and ports, on each of the devices for itself. All flows that were seen are `flowing`, `open` or `over` at the end, or `unfollowed`, which is counted by the packet. A flow with nothing to send is silent, too: keepalives and idle connections are in the rows
 * unless `longerThanMs` is above their interval. A packet that two CPUs bring in at the same instant can end the same silence twice.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await gapSummary(host, { seconds: 30, devices: ["vnet1", "eth0"], longerThanMs: 200, by: ["device", "direction", "flow"] })
 */
export const gapSummary: Probe<GapSummaryParameters, "frame"> = defineHistogram({
  name: "gapSummary",
  revision: 2,
  measures: "how often and how long flows are silent, as a distribution that the kernel keeps",
  hooks: gapHooks,
  mapKeys: 16_384,
  eachTick: forgetSides,
  filters: gapFilters,
  parameters: gapParameters,
  by: gapPlaces,
  usual: ["device", "direction"],
  intervals: { silent: "between two packets of a flow, of longerThanMs or more" },
  untimed: flowEndings,
  rest: {
    map: flows,
    read(key, value, { by, ended, parameters: { longerThanMs } }) {
      const { what, words } = flowAtEnd(key, value, { ended, longerThanMs });
      return { what, words: by.flatMap((name) => words[name] ?? []) };
    },
  },
  program: (writing) =>
    gapClauses(writing, {
      silent: (at) => writing.sample(at, "silent", silence.began, silence.ended),
      unfollowed: (at) => writing.tally(at, "unfollowed"),
    }),
  notes: gapNotes,
});
