import {
  defineCounts,
  deviceField,
  field,
  flowField,
  kernelStack,
  type Probe,
  protocolField,
  stackOf,
} from "../../lib/probes/index.js";
import type { DropSummaryParameters } from "../parameters.js";
import {
  dropFilters,
  dropHook,
  dropHooks,
  dropNotes,
  dropped,
  reasonField,
  siteField,
  whenDrop,
} from "./drops.js";

/** Kernel functions of a stack that is counted by. */
const stackDepth = 16;

/**
 * Counts the packets that a host's kernel drops, by reason, place and interface, or by what is asked for. The kernel counts; nothing is sent per packet, so
 * it is cheap at any rate: look here first.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `by` (default `["reason", "site", "device"]`; besides `"protocol"`, `"flow"`: addresses, ports and protocol,
 * `"stack"`: up to 16 kernel functions); and filters that all have to match: `src`, `dst` (source and destination: address or
 * prefix, IPv4 or IPv6), `ip` (either), `srcPort`, `dstPort`, `port` (either), `protocol` ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP" or a number), `device`,
 * `vlan`, `vni` (of VXLAN and Geneve: the packet inside is meant then), `reason` (one or several).
 *
 * Columns:
 * - `reason` VARCHAR: why, as the host's kernel names it; null where it gives no reasons
 * - `site` VARCHAR: kernel function that dropped the packet
 * - `device` VARCHAR: network interface the packet was on; null where it had none
 * - `drops` BIGINT, packets: packets dropped
 *
 * The last column is always `drops`, the others are what `by` names: `protocol`; `flow`: `ip_version`, `src`, `src_port`, `dst`, `dst_port`, `protocol` (a later fragment
 * has no ports); `stack`. Reasons are null before kernel 5.17.
 *
 * The kernel keeps up to 65,536 counts; packets of flows or stacks that find no room are in `provenance.lost`.
 *
 * Errors: as for every probe, see {@link makeProbe}; `UNKNOWN_DROP_REASON`.
 *
 * @example await dropSummary(host, { seconds: 10, dst: "198.51.100.0/24" })
 * @example await dropSummary(host, { seconds: 10, by: ["flow", "stack"] })
 */
export const dropSummary: Probe<DropSummaryParameters, "frame"> = defineCounts({
  name: "dropSummary",
  revision: 2,
  measures: "packets that the kernel dropped, counted in the kernel by reason, site and device, or by more",
  hooks: dropHooks,
  filters: dropFilters,
  by: {
    reason: reasonField,
    site: siteField,
    device: deviceField,
    protocol: protocolField,
    flow: flowField,
    stack: field({
      name: "stack",
      type: "VARCHAR",
      meaning: `kernel functions, innermost first, ${stackDepth} at most; null where the kernel could not take it`,
      words: ["stack"],
      say: () => kernelStack(stackDepth),
      read: ([stack = ""]) => stackOf(stack),
    }),
  },
  usual: ["reason", "site", "device"],
  conflict: (keys) =>
    keys.includes("flow") && keys.includes("protocol") ? "a flow has its protocol" : undefined,
  total: { name: "drops", unit: "packets", meaning: "packets dropped" },
  program: ({ on, packet, count, site }) =>
    on(dropHook, (at) => packet(at, dropped(at), count(at)), { when: whenDrop(site.target) }),
  notes: dropNotes,
});
