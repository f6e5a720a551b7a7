import { bpf, defineRows, field, forgetSides, type Probe, packetFields } from "../../lib/probes/index.js";
import type { GapEventsParameters } from "../parameters.js";
import {
  deviceField,
  directionField,
  gapClauses,
  gapFilters,
  gapHooks,
  gapNotes,
  gapParameters,
  silence,
} from "./silence.js";

/**
 * Shows each silence of a flow that a packet ended, one row each: see {@link gapSummary}, which counts all of them, and those that are still open at the end.
 *
 * Parameters: see {@link GapEventsParameters}.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `device` VARCHAR: network interface that the packets were seen on
 * - `direction` VARCHAR: in: the host received them by the device; out: it handed them to its driver
 * - `silent_ns` BIGINT, ns: since the flow's last packet before
 * - `packets_before` BIGINT, packets: packets of the flow that were seen before
 * - `ip_version` INTEGER: 4 or 6; null for what isn't IP
 * - `src` VARCHAR: source address
 * - `src_port` INTEGER: TCP, UDP or SCTP source port
 * - `dst` VARCHAR: destination address
 * - `dst_port` INTEGER: TCP, UDP or SCTP destination port
 * - `protocol` VARCHAR: IP protocol, or the EtherType of what isn't IP
 * - `length_bytes` INTEGER, bytes: IP packet by its own header; frame where it isn't IP
 * - `cpu` INTEGER: CPU that handled the packet
 *
 * `time_ns` is when the silence ended: it began `silent_ns` before. One that is in the rows of the device that the flow comes in by, and of the one that it leaves by, is from before this host: its sender, or the way here; one that is only where it leaves is this host's.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await gapEvents(host, { seconds: 30, devices: ["vnet1", "eth0"], longerThanMs: 200, src: "198.51.100.11" })
 */
export const gapEvents: Probe<GapEventsParameters, "table"> = defineRows({
  name: "gapEvents",
  revision: 2,
  measures: "silences of flows, one row each when a packet ends one",
  hooks: gapHooks,
  summary: "gapSummary",
  mapKeys: 16_384,
  eachTick: forgetSides,
  filters: gapFilters,
  parameters: gapParameters,
  fields: [
    deviceField,
    directionField,
    field({
      name: "silent_ns",
      type: "BIGINT",
      unit: "ns",
      meaning: "since the flow's last packet before",
      say: () => bpf`${silence.ended} - ${silence.began}`,
    }),
    field({
      name: "packets_before",
      type: "BIGINT",
      unit: "packets",
      meaning: "packets of the flow that were seen before",
      say: () => silence.packets,
    }),
    ...packetFields,
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that handled the packet", say: () => bpf`cpu` }),
  ],
  program: (writing) => gapClauses(writing, { silent: writing.emit, unfollowed: writing.misses }),
  notes: gapNotes,
});
