import { bpf, defineRows, deviceField, field, type Probe, packetFields } from "../../lib/probes/index.js";
import type { OvsActionEventsParameters } from "../parameters.js";
import { actionClause, actionFilters, actionHooks, places } from "./actions.js";

/**
 * Shows what Open vSwitch's kernel datapath does with each packet, one row for each action in their order: see {@link ovsActionSummary}, which counts them. For a multicast frame there is a row for every port that it is sent to.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `actions`, one or several; `device`; filters of packets, as {@link dropEvents} has them; `maxEvents` (default 10,000: rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `device` VARCHAR: network interface the packet was on; null where it had none
 * - `action` VARCHAR: in the words of ovs-dpctl: output, ct, recirc, set_masked, userspace, ...
 * - `port` INTEGER: of output, the datapath's number of the port, as `ovs-dpctl show` has it; null for others
 * - `recirc_id` BIGINT: which pass through the flow table the action belongs to; 0: the first, or of a packet that ovs-vswitchd
 *   hands back
 * - `to_recirc_id` BIGINT: of recirc, the pass that comes next; null for others
 * - `last` BOOLEAN: the last action of its list
 * - `ip_version` INTEGER: 4 or 6; null for what isn't IP
 * - `src` VARCHAR: source address
 * - `src_port` INTEGER: TCP, UDP or SCTP source port
 * - `dst` VARCHAR: destination address
 * - `dst_port` INTEGER: TCP, UDP or SCTP destination port
 * - `protocol` VARCHAR: IP protocol, or the EtherType of what isn't IP
 * - `length_bytes` INTEGER, bytes: IP packet by its own header; frame where it isn't IP
 * - `cpu` INTEGER: CPU that did it
 *
 * Actions of one packet stand one behind the other on its CPU, up to the one that is `last`; a `recirc` goes on with the pass that has its number. Linux 6.1 and 6.12 have this tracepoint, 5.10 has not.
 *
 * Errors: as for every probe, see {@link makeProbe}; `USERSPACE_DATAPATH`.
 *
 * @example await ovsActionEvents(host, { seconds: 5, dst: "198.51.100.7", protocol: "UDP" })
 */
export const ovsActionEvents: Probe<OvsActionEventsParameters, "table"> = defineRows({
  name: "ovsActionEvents",
  revision: 2,
  measures: "what Open vSwitch's kernel datapath does with packets, one row for each action",
  hooks: actionHooks,
  datapath: "kernel",
  summary: "ovsActionSummary",
  filters: actionFilters,
  fields: [
    deviceField,
    places.action,
    places.port,
    places.recirc_id,
    places.to_recirc_id,
    places.last,
    ...packetFields,
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that did it", say: () => bpf`cpu` }),
  ],
  program: (writing) => actionClause(writing, writing.emit),
});
