import { defineCounts, deviceField, flowField, type Probe, protocolField } from "../../lib/probes/index.js";
import type { OvsActionSummaryParameters } from "../parameters.js";
import { actionClause, actionFilters, actionHooks, places } from "./actions.js";

/**
 * Counts what Open vSwitch's kernel datapath does with packets, by action and by the interface that they came in by, in the kernel: what is sent where, sent through connection tracking, looked up once more, given to
 * ovs-vswitchd. Each action costs the host about a microsecond.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `actions`, one or several; `device`; filters of packets, as {@link dropSummary} has them; `by`, any of device, action, port, recirc_id, to_recirc_id, protocol, flow
 * (default device, action, port).
 *
 * Columns:
 * - `device` VARCHAR: network interface the packet was on; null where it had none
 * - `action` VARCHAR: in the words of ovs-dpctl: output, ct, recirc, set_masked, userspace, ...
 * - `port` INTEGER: of output, the datapath's number of the port, as `ovs-dpctl show` has it; null for others
 * - `count` BIGINT, actions: how often
 *
 * An action is counted when it is about to be done: that its packet gets through it is not said. A packet whose flow has no actions is dropped and has none here. Linux 6.1 and 6.12 have this tracepoint, 5.10 has not. Packets are as they are at that moment: behind a `set_masked`
 * with other addresses.
 *
 * Errors: as for every probe, see {@link makeProbe}; `USERSPACE_DATAPATH`.
 *
 * @example await ovsActionSummary(host, { seconds: 10, device: "vnet1" })
 */
export const ovsActionSummary: Probe<OvsActionSummaryParameters, "frame"> = defineCounts({
  name: "ovsActionSummary",
  revision: 2,
  measures: "what Open vSwitch's kernel datapath does with packets",
  hooks: actionHooks,
  datapath: "kernel",
  filters: actionFilters,
  by: {
    device: deviceField,
    action: places.action,
    port: places.port,
    recirc_id: places.recirc_id,
    to_recirc_id: places.to_recirc_id,
    protocol: protocolField,
    flow: flowField,
  },
  usual: ["device", "action", "port"],
  total: { name: "count", unit: "actions", meaning: "how often" },
  program: (writing) => actionClause(writing, writing.count),
});
