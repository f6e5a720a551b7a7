import { bpftrace, defineProbe, Fragment, type Probe } from "../../lib/probes/index.js";
import { type DropFilterParameters, DropFilters } from "./filters.js";
import { dropHook, reasonName, reasonNotes } from "./hook.js";
import { drop, dropClause, reasonOfDrop } from "./program.js";

/**
 * Counts the packets that a host's kernel drops, by reason, place and interface. The kernel counts; nothing is sent per packet, so
 * it is cheap at any rate: look here first.
 *
 * Parameters: `seconds` to measure (0.5 to 3600), and filters that all have to match: `src`, `dst` (source and destination: address or
 * prefix, IPv4 or IPv6), `ip` (either), `srcPort`, `dstPort`, `port` (either), `protocol` ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP" or a number), `device`,
 * `reason` (one or several).
 *
 * Columns: `reason` (as that kernel names it; null before kernel 5.17), `site` (kernel function that dropped), `device` (interface;
 * null where the packet had none), `drops` (packets).
 *
 * Errors: as for every probe, see {@link defineProbe}; `UNKNOWN_DROP_REASON`.
 *
 * @example await dropSummary(host, { seconds: 10, dst: "198.51.100.0/24" })
 */
export const dropSummary: Probe<DropFilterParameters, "frame"> = defineProbe({
  name: "dropSummary",
  shape: "frame",
  revision: 1,
  measures: "packets that the kernel dropped, counted in the kernel by reason, site and device",
  parameters: DropFilters,
  hooks: { required: [dropHook] },
  columns: [
    {
      name: "reason",
      type: "VARCHAR",
      meaning: "why, as the host's kernel names it; null where it gives no reasons",
    },
    { name: "site", type: "VARCHAR", meaning: "kernel function that dropped the packet" },
    {
      name: "device",
      type: "VARCHAR",
      meaning: "network interface the packet was on; null where it had none",
    },
    { name: "drops", type: "BIGINT", unit: "packets", meaning: "packets dropped" },
  ],
  countMap: "@drops",
  program(filters, target) {
    // One function can drop in several places: without the address, bpftrace prints as many equal keys, of which JSON keeps one.
    const key = new Fragment(`${reasonOfDrop(target)}, ${drop.site}, ${drop.device}, ${drop.address}`);
    const count = bpftrace`@matched = count(); @drops[${key}] = count();`;
    return dropClause(filters, target, { ipv4: count, ipv6: count, other: count });
  },
  decode(record, { target }) {
    if (record.type !== "map" || record.name !== "@drops") return [];
    const counts = new Map<string, number>();
    for (const [key, count] of record.entries) {
      const place = key.split(",").slice(0, 3).join();
      counts.set(place, (counts.get(place) ?? 0) + Number(count));
    }
    return [...counts]
      .map(([place, count]) => {
        const [reason = "", site = "", device = ""] = place.split(",");
        return [reasonName(target, reason), site, device || null, count];
      })
      .sort((a, b) => Number(b[3]) - Number(a[3]) || (String(a) < String(b) ? -1 : 1));
  },
  notes: reasonNotes,
});
