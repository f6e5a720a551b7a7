import { defineCounts, type Probe, packetFilters, protocolField } from "../../lib/probes/index.js";
import type { ConntrackSummaryParameters } from "../parameters.js";
import {
  conntrackHooks,
  conntrackModules,
  conntrackNotes,
  outcomeFields,
  tcpStateField,
  trackedClauses,
  whyKeyField,
  zoneField,
} from "./tracked.js";

/**
 * Counts what connection tracking makes of packets, the host's own and that of Open vSwitch: in which state they are, which are invalid and why, which
 * are dropped since no connection could be made of them or put into the table. The kernel counts; every packet costs the host some microseconds: the result says how much it was. For
 * the counters that connection tracking keeps itself (`drop`, `insert_failed`, `early_drop`), see {@link besideCounters}.
 *
 * Parameters: `seconds` to measure (0.5 to 3600), and filters that all have to match: `src`, `dst` (address or prefix, IPv4 or IPv6), `ip` (either),
 * `srcPort`, `dstPort`, `port` (either), `protocol`, `device` (that the packet is on), `vlan`, `vni`.
 *
 * Columns:
 * - `step` VARCHAR: lookup: its connection was looked for; confirm: the connection that it began was put into the table
 * - `owner` VARCHAR: who had it tracked: netfilter, or the action ct of openvswitch
 * - `verdict` VARCHAR: ACCEPT, or DROP where the packet was dropped for it
 * - `state` VARCHAR: NEW, ESTABLISHED, RELATED, with _REPLY for the other direction, UNTRACKED, INVALID
 * - `zone` INTEGER: connection tracking zone; null where there is no connection, or the kernel doesn't say
 * - `protocol` VARCHAR: IP protocol, or the EtherType of what isn't IP
 * - `tcp_state` VARCHAR: state of the TCP connection after it; null where it is none
 * - `why` VARCHAR: why it is invalid, as the kernel would log it; %… are numbers that aren't filled in
 * - `packets` BIGINT, packets: packets that it became so
 *
 * An invalid packet is accepted: whether it is dropped is up to the rules. One packet counts in each namespace and zone that tracks it. A call whose
 * return the kernel missed is in `provenance.lost`.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await conntrackSummary(host, { seconds: 10, protocol: "TCP" })
 */
export const conntrackSummary: Probe<ConntrackSummaryParameters, "frame"> = defineCounts({
  name: "conntrackSummary",
  revision: 2,
  measures: "packets that connection tracking looked at, counted in the kernel by verdict, state and zone",
  hooks: conntrackHooks,
  modules: conntrackModules,
  calls: true,
  filters: packetFilters,
  fields: [...outcomeFields, zoneField, protocolField, tcpStateField, whyKeyField],
  total: { name: "packets", unit: "packets", meaning: "packets that it became so" },
  program(writing) {
    const { packet, anyPacket, count } = writing;
    return trackedClauses(
      writing,
      (at, keep) => packet(at, { skb: at.arg(0) }, keep(at.arg(0))),
      (at, skb) => anyPacket(at, { skb }, count(at)),
      { keepsTexts: true },
    );
  },
  notes: conntrackNotes,
});
