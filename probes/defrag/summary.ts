import { bpf, callHooks, defineCounts, packet as values } from "../../lib/probes/index.js";
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
 * Columns: `step`, `result`: of `defragment` (a fragment is handed in) `WAITING` for others, `COMPLETE` with it, or an error: refused, as is a duplicate; of `insert` (it comes to its
 * queue) `OK`, `DUPLICATE` or `OVERLAP`; of `expire` `EXPIRED`, a queue; `ip_version`; `user` (`local delivery`, `conntrack in`, …) and its `zone`; `protocol` (null of `defragment` and of IPv6); `count`
 * (fragments; of `expire` queues). A call whose return the kernel missed is in `provenance.lost`.
 *
 * Errors: as for every probe, see {@link defineProbe}.
 *
 * @example await defragSummary(host, { seconds: 10 })
 */
export const defragSummary = defineCounts({
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
