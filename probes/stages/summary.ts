import { definePairs, forgetSides, type Probe } from "../../lib/probes/index.js";
import type { StageSummaryParameters } from "../parameters.js";
import { stageClauses } from "./clauses.js";
import { stageNotes } from "./notes.js";
import { checkStages, stageFilters, stageParameters } from "./parameters.js";
import { stageHooks, stageNames } from "./stages.js";

/**
 * Measures how long packets take from stage to stage inside one host, from where they come in to where they go out: its stack, Open vSwitch, connection tracking, queues, backlogs. All of it
 * is kept in the kernel, nothing is sent per packet. Look here first, then at the single packets that are slow.
 *
 * Parameters: see {@link StageSummaryParameters}. Filters look at packets as they come in; with a `vni`, at those inside. `by: ["flow"]` gives each flow the same rows behind those of all packets, most packets first, and the columns
 * `ip_version`, `src`, `src_port`, `dst`, `dst_port`, `protocol` in front, as packets come in; all null in the rows of all packets. The first 128 flows that are seen are told apart, the packets of later ones are in the rows of all packets alone;
 * of the books, `started` to `abandoned` are known by flow, the others null. Each packet that comes in is parsed once more for it; times that find no room are in `provenance.lost`.
 *
 * Columns:
 * - `pair` VARCHAR: `total`, two stages that packets passed one after the other, or the last stage of those that did not come out
 * - `from_stage` VARCHAR: stage where the time begins; null: of the total
 * - `to_stage` VARCHAR: stage where it ends; null: of the total, and where none was reached
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
 * - `started` BIGINT, packets: followed from where they came in: each of them is in one of the six columns behind
 * - `completed` BIGINT, packets: seen where they go out
 * - `lost` BIGINT, packets: not seen there within timeoutMs, or their memory was given to another one; or the kernel left the
 *   program out there, which a note says from Linux 6.7 on
 * - `unfinished` BIGINT, packets: not seen there yet, and younger than timeoutMs
 * - `strayed` BIGINT, packets: where they go out, their memory had another packet: changed beyond knowledge, or gone
 * - `cut` BIGINT, packets: into segments or fragments on the way, which are other packets
 * - `abandoned` BIGINT, packets: followed no more: their header waited for user space more than once
 * - `translated` BIGINT, packets: of the completed, those whose addresses or ports had changed
 * - `merged` BIGINT, packets: of the started, those that stand for several segments
 * - `repeated` BIGINT, packets: came in once more on their way
 * - `unexpected` BIGINT, packets: seen where packets go out, not followed: they came in elsewhere, or before the probe began
 * - `unfollowed` BIGINT, packets: came in, and there was no room to follow them
 * - `fragments` BIGINT, packets: came in as fragments, which are not followed
 * - `negative` BIGINT, packets: times below zero, by clocks of two CPUs: in no sample
 *
 * Stages: `stack_out` the host's own packet gets its way out (`ip_local_out`); `backlog` put into a CPU's backlog (of devices without a queue of their own, and by RPS); `rx` received by a device of `from`; `ovs_in`,
 * `ovs_flow`, `ovs_out` in Open vSwitch: come in, looked up (once more after connection tracking), sent to a port; `upcall` handed to ovs-vswitchd, `upcall_back` sent by it;
 * `conntrack` connection tracking begins; `ip_in`, `ip_out` the stack's IP receives and sends it; `inner_queue`, `inner_driver`, `inner_rx` queued, handed over and received by a device on the way, such as
 * an internal port, a tunnel or a bridge; `queue` put into the queue of a device of `to`, `driver` handed to its driver, which is where it goes out; `transport_in` TCP, UDP or ICMP takes it, which is where it goes out to `stack`.
 * A queue that was empty is passed by at once. Between `queue` and `driver` is the queueing discipline, between `backlog` and `rx` or `inner_rx` the wait for the softirq, between `upcall` and `upcall_back` the daemon.
 *
 * `max_low_ns` and `max_high_ns` are at most a quarter of an octave apart, and the same number where the longest is alone in its bucket. The times of a packet's pairs add up to its total. A packet is followed by the memory that its headers stand in, and addresses, ports, identification, sequence numbers and lengths are compared wherever it is seen: no time
 * is of a packet that isn't surely the same. What is put into a tunnel or taken out of one, what is translated (NAT), and what ovs-vswitchd sends anew is followed on. The sums
 * of its books hold: `started` = `completed` + `lost` + `unfinished` + `strayed` + `cut` + `abandoned`. Rows without `to_stage` say where those were seen last that did not come out.
 *
 * `total` of a packet that is cut into segments (TSO by the stack) or fragments isn't known: `cut`; its pieces are `unexpected` where they go out. Of a packet that is copied (flood, mirror, capture) the first copy that goes out counts, the
 * others are `unexpected`. TCP over IPv6 from the stack begins at `ip_out`. Where addresses of UDP over IPv6, or without identification (IPv4 with DF, sent without connect), are translated it is `strayed`.
 *
 * Errors: as for every probe, see {@link makeProbe}; `HOOK_MISSING` for `stack` on a host without kprobes.
 *
 * @example await stageSummary(host, { from: "vnet1", to: "eth0", protocol: "TCP", src: "198.51.100.11", seconds: 10 })
 * @example await stageSummary(host, { from: "vnet1", to: "eth0", src: "198.51.100.11", by: ["flow"], seconds: 10 })
 */
export const stageSummary: Probe<StageSummaryParameters, "frame"> = definePairs({
  name: "stageSummary",
  revision: 2,
  measures: "how long packets take from stage to stage inside a host, as distributions that the kernel keeps",
  hooks: stageHooks,
  filters: stageFilters,
  parameters: stageParameters,
  check: checkStages,
  stages: stageNames,
  upcall: "upcall",
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  mapKeys: 16_384,
  eachTick: forgetSides,
  program: (writing) => stageClauses(writing, writing.following),
  notes: stageNotes,
});
