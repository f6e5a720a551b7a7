import { defineCounts, packetFilters, protocolField } from "../../lib/probes/index.js";
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
 * `srcPort`, `dstPort`, `port` (either), `protocol`, `device` (that the packet is on).
 *
 * Columns: `step` (`lookup` or `confirm`), `owner` (`netfilter` or `openvswitch`), `verdict` (`ACCEPT`; `DROP`: dropped for it), `state` (`NEW`, `ESTABLISHED`, `RELATED`,
 * `ESTABLISHED_REPLY`, `RELATED_REPLY`, `UNTRACKED`, `INVALID`), `zone`, `protocol`, `tcp_state` (after the packet), `why` (the kernel's words on what is invalid), `packets`.
 * An invalid packet is accepted: whether it is dropped is up to the rules. One packet counts in each namespace and zone that tracks it. A call whose
 * return the kernel missed is in `provenance.lost`.
 *
 * Errors: as for every probe, see {@link defineProbe}.
 *
 * @example await conntrackSummary(host, { seconds: 10, protocol: "TCP" })
 */
export const conntrackSummary = defineCounts({
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
