import { z } from "zod";
import { bpftrace, defineProbe, Fragment, type Probe } from "../../lib/probes/index.js";
import type { Value } from "../../lib/tables/index.js";
import { type PacketKind, packetColumns } from "../packet/fields.js";
import { type PacketFilterParameters, packetFilters } from "../packet/filters.js";
import { protocolKey, protocolValue } from "../packet/flow.js";
import { conntrackNotes, outcomeColumns, tcpStateColumn, whyColumn, zoneColumn } from "./columns.js";
import { ownerName, stateName, tcpStateName, verdictName } from "./names.js";
import { conntrack, conntrackClauses, conntrackHooks, conntrackStructs, steps } from "./program.js";

const key = [conntrack.owner, conntrack.verdict, conntrack.info, conntrack.zone, conntrack.tcpState];

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
export const conntrackSummary: Probe<PacketFilterParameters, "frame"> = defineProbe({
  name: "conntrackSummary",
  shape: "frame",
  revision: 1,
  measures: "packets that connection tracking looked at, counted in the kernel by verdict, state and zone",
  parameters: z.strictObject(packetFilters),
  hooks: conntrackHooks,
  structs: () => conntrackStructs,
  columns: [
    ...outcomeColumns,
    zoneColumn,
    ...packetColumns.filter(({ name }) => name === "protocol"),
    tcpStateColumn,
    whyColumn,
    { name: "packets", type: "BIGINT", unit: "packets", meaning: "packets that it became so" },
  ],
  countMap: "@packets",
  program(filters, target) {
    const count = (step: number, kind: PacketKind) =>
      bpftrace`@packets[${new Fragment([`(uint64)${step}`, ...key, ...protocolKey(kind), conntrack.why].join(", "))}] = count();`;
    return conntrackClauses(
      filters,
      target,
      () => bpftrace`@matched = count();`,
      (step) => ({
        ipv4: count(step, "ipv4"),
        ipv6: count(step, "ipv6"),
        other: count(step, "other"),
      }),
    );
  },
  decode(record) {
    if (record.type !== "map" || record.name !== "@packets") return [];
    return record.entries
      .map(([words, count]): Value[] => {
        const [step, owner, verdict, info, zone, tcpState, version, protocol, ...why] = words.split(",");
        return [
          steps[Number(step)] as string,
          ownerName(Number(owner)),
          verdictName(Number(verdict)),
          stateName(Number(info)),
          zone === "-1" ? null : Number(zone),
          protocolValue([version as string, protocol as string]),
          tcpStateName(Number(tcpState)),
          why.join().trim() || null,
          Number(count),
        ];
      })
      .sort((a, b) => Number(b[8]) - Number(a[8]) || (String(a) < String(b) ? -1 : 1));
  },
  notes: conntrackNotes,
});
