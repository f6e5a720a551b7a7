import { bpf, callHooks, defineCounts, type Probe, packet as values } from "../../lib/probes/index.js";
import type { DefragSummaryParameters } from "../parameters.js";
import {
  defragment,
  insertHooks,
  queueClauses,
  queueFilters,
  queueProtocolField,
  stepField,
  userField,
} from "./queues.js";

/**
 * Counts what becomes of IP fragments on a host, where it puts them together: for itself, or for connection tracking, also that of Open vSwitch. Shows
 * duplicates, overlaps, and queues that were given up since a fragment never came. The kernel counts; only fragments cost anything, some microseconds each.
 * For the counters that IP keeps itself (`IpReasmFails`, `IpReasmTimeout`), see {@link besideCounters}.
 *
 * Parameters: `seconds` to measure (0.5 to 3600), and filters that all have to match: `src`, `dst` (address or prefix, IPv4 or IPv6), `ip` (either).
 *
 * Columns:
 * - `step` VARCHAR: insert: a fragment comes to its queue; expire: a queue is given up; free: a refused fragment is freed;
 *   defragment: one is handed in
 * - `result` VARCHAR: OK, DUPLICATE or OVERLAP of insert; EXPIRED; FREED; WAITING, COMPLETE or an error of defragment
 * - `ip_version` INTEGER: 4 or 6
 * - `user` VARCHAR: who puts the fragments together
 * - `zone` INTEGER: connection tracking zone that does; null where it is not conntrack
 * - `protocol` VARCHAR: IP protocol of the datagram; null where the queue doesn't know, as of IPv6
 * - `count` BIGINT, fragments: fragments; of expire, queues
 *
 * A refused fragment, as a duplicate is, shows as an error of `defragment`. A call whose return the kernel missed is in `provenance.lost`.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await defragSummary(host, { seconds: 10 })
 */
export const defragSummary: Probe<DefragSummaryParameters, "frame"> = defineCounts({
  name: "defragSummary",
  revision: 2,
  measures: "IP fragments that are put together, counted in the kernel by what becomes of them",
  hooks: {
    ...insertHooks,
    optional: [...(insertHooks.optional ?? []), ...callHooks("ip_defrag")],
    whereLoaded: [...(insertHooks.whereLoaded ?? []), ...callHooks("nf_ct_frag6_gather")],
  },
  calls: true,
  mapKeys: 16_384,
  filters: queueFilters,
  fields: [stepField, userField, queueProtocolField],
  total: { name: "count", unit: "fragments", meaning: "fragments; of expire, queues" },
  program(writing) {
    const { call, packet, count } = writing;
    return [
      ...queueClauses(writing, { inserted: count, expired: count }),
      // The user is kept with one added, since 0 is local delivery.
      ...Object.entries(defragment).map(([name, version]) =>
        call(name, {
          enter: (at, keep) => packet(at, { skb: at.arg(1) }, keep(bpf`(${at.arg(2)} & 0xffffffff) + 1`)),
          leave: (
            at,
            [user = bpf`0`],
          ) => bpf`$user = ${user} - 1; ${values.version} = ${version}; ${values.protocol} = 0;
  ${count(at)}`,
        }),
      ),
    ];
  },
  order: (a, b) => (String(a) < String(b) ? -1 : 1),
});
