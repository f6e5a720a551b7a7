import { z } from "zod";
import {
  atReturn,
  attachTo,
  bpftrace,
  defineProbe,
  Fragment,
  integer,
  isMeasuring,
  joined,
  keepForReturn,
  type Probe,
  type Target,
} from "../../lib/probes/index.js";
import type { Value } from "../../lib/tables/index.js";
import { parsePacket } from "../packet/parse.js";
import { protocolName } from "../packet/protocols.js";
import { protocolColumn, resultColumn, stepColumn, userColumns, versionColumn } from "./columns.js";
import { defragmentStep, expireStep, fragmentSteps, insertStep, resultName, userName } from "./names.js";
import {
  bothOf,
  defragment,
  type FragmentFilterParameters,
  fragmentFilters,
  insertHooks,
  queue,
  queueClauses,
} from "./program.js";

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
export const defragSummary: Probe<FragmentFilterParameters, "frame"> = defineProbe({
  name: "defragSummary",
  shape: "frame",
  revision: 1,
  measures: "IP fragments that are put together, counted in the kernel by what becomes of them",
  parameters: z.strictObject(fragmentFilters),
  hooks: {
    ...insertHooks,
    optional: [...(insertHooks.optional ?? []), ...bothOf("ip_defrag")],
    whereLoaded: [...(insertHooks.whereLoaded ?? []), ...bothOf("nf_ct_frag6_gather")],
  },
  columns: [
    stepColumn,
    resultColumn,
    versionColumn,
    ...userColumns,
    protocolColumn,
    { name: "count", type: "BIGINT", unit: "fragments", meaning: "fragments; of expire, queues" },
  ],
  countMap: "@fragments",
  program(filters, target) {
    const count = (step: number, result: string, version: 4 | 6) =>
      countOf(step, result, version, queue[version].user, queue[version].protocol);
    const queues = queueClauses(filters, target, {
      onEntry: bpftrace`@matched = count();`,
      inserted: (version) => count(insertStep, "(int64)(int32)retval", version),
      expired: (version) => bpftrace`@matched = count(); ${count(expireStep, "(int64)0", version)}`,
    });
    const handed = Object.entries(defragment).flatMap(([name, version]) =>
      handedClauses(name, version, filters, target),
    );
    return joined([queues, ...handed], "\n");
  },
  decode(record) {
    if (record.type !== "map" || record.name !== "@fragments") return [];
    return record.entries
      .map(([key, count]): Value[] => {
        const [step = 0, result = 0, version = 0, user = 0, protocol = 0] = key.split(",").map(Number);
        return [
          fragmentSteps[step] as string,
          resultName(step, result),
          version,
          ...userName(user, version),
          protocol === 0 ? null : protocolName(protocol),
          Number(count),
        ];
      })
      .sort((a, b) => (String(a) < String(b) ? -1 : 1));
  },
});

function countOf(step: number, result: string, version: 4 | 6, user: string, protocol: string): Fragment {
  const key = [`(uint64)${step}`, result, `(uint64)${version}`, `(uint64)${user}`, `(uint64)${protocol}`];
  return bpftrace`@fragments[${new Fragment(key.join(", "))}] = count();`;
}

/** What a fragment is handed to is given the user as its third argument; it is kept with one added, since 0 is local delivery. */
function handedClauses(
  name: string,
  version: 4 | 6,
  filters: FragmentFilterParameters,
  target: Target,
): Fragment[] {
  if (!bothOf(name).every((hook) => target.hooks.has(hook))) return [];
  const keep = bpftrace`if (${isMeasuring}) { @matched = count(); $keep = (uint64)arg2 + ${integer(1)}; }`;
  return [
    bpftrace`${attachTo(target, `kprobe:${name}`)} { $skb = (struct sk_buff *)arg1; $keep = (uint64)0;
  ${parsePacket(filters, { ipv4: keep, ipv6: keep, other: bpftrace`` })}
  ${keepForReturn(name, bpftrace`$keep`)} }`,
    bpftrace`${attachTo(target, `kretprobe:${name}`)} { ${atReturn(
      name,
      countOf(defragmentStep, "(int64)(int32)retval", version, "($kept - 1)", "0"),
    )} }`,
  ];
}
