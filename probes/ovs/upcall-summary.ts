import { bpf, defineHistogram, type Probe } from "../../lib/probes/index.js";
import type { UpcallSummaryParameters } from "../parameters.js";
import {
  open,
  openUpcall,
  places,
  upcallClauses,
  upcallFilters,
  upcallHooks,
  upcallModules,
  upcallNotes,
  wait,
} from "./upcalls.js";

/**
 * Measures how long Open vSwitch's kernel datapath waited for ovs-vswitchd, in the kernel: from the upcall for a packet that no flow fits (or that a flow sends there) until ovs-vswitchd hands the packet back, with what it could not
 * be asked, by error. The first packet of a connection is late by that.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `device`; filters of packets, as {@link dropSummary} has them; `by`, any of device, reason, error
 * (default all).
 *
 * Columns:
 * - `device` VARCHAR: port of the switch that the packets came in by
 * - `reason` VARCHAR: miss: no flow of the kernel's fits; action: a flow says so; null where it isn't known
 * - `error` VARCHAR: why the kernel could not ask; null where it could
 * - `interval` VARCHAR: answered: from the upcall until ovs-vswitchd hands the packet back; unclear: handed back, while others
 *   that look the same were open; refused: not given to ovs-vswitchd; unasked: handed in by ovs-vswitchd, not asked about; open:
 *   not handed back by the end
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
 * Upcalls are `answered`, `unclear`, `refused` or `open`. `open` at the end is no loss by itself: ovs-vswitchd is late, or drops such packets by a rule, of which it says nothing. `refused` packets are lost, and {@link hostCounters} has them as the datapath's `lost`; -ENOBUFS or
 * -EAGAIN: ovs-vswitchd doesn't keep up; -ENOTCONN: it isn't there. `unasked` are ovs-vswitchd's own, and pieces of a packet that was asked about as a whole; they are counted only without filters.
 *
 * A packet is known again by its addresses, protocol, ports, IP identification and sequence number: of two that have all of these in common the time is not known (`unclear`). Datapaths in user space (netdev, DPDK) make no upcalls that a kernel sees: a host that has only these is refused
 * (`USERSPACE_DATAPATH`).
 *
 * Errors: as for every probe, see {@link makeProbe}; `USERSPACE_DATAPATH`.
 *
 * @example await upcallSummary(host, { seconds: 10, by: ["device", "reason"] })
 */
export const upcallSummary: Probe<UpcallSummaryParameters, "frame"> = defineHistogram({
  name: "upcallSummary",
  revision: 2,
  measures: "how long Open vSwitch waited for ovs-vswitchd, as a distribution that the kernel keeps",
  hooks: upcallHooks,
  modules: upcallModules,
  datapath: "kernel",
  mapKeys: 16_384,
  filters: upcallFilters,
  by: places,
  usual: ["device", "reason", "error"],
  intervals: { answered: "from the upcall until ovs-vswitchd hands the packet back" },
  untimed: {
    unclear: "handed back, while others that look the same were open",
    refused: "not given to ovs-vswitchd",
    unasked: "handed in by ovs-vswitchd, not asked about",
  },
  open: { map: open, meaning: "not handed back by the end", read: openUpcall },
  program: (writing) => {
    const { parameters, sample, tally, begin } = writing;
    const filtered = Object.keys(upcallFilters).some((name) => name in parameters);
    return upcallClauses(writing, {
      began: begin,
      answered: (at) => sample(at, "answered", wait.began, wait.ended),
      unclear: (at) => tally(at, "unclear"),
      refused: (at) => tally(at, "refused"),
      unasked: (at) => (filtered ? bpf`` : tally(at, "unasked")),
    });
  },
  notes: upcallNotes,
});
