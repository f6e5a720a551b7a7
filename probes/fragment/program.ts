import { z } from "zod";
import {
  atReturn,
  attachTo,
  bpftrace,
  type Fragment,
  type Hooks,
  isMeasuring,
  isWithin,
  joined,
  keepForReturn,
  readThread,
  type Target,
} from "../../lib/probes/index.js";
import { type PacketFilterParameters, packetFilters } from "../packet/filters.js";
import { addressTests } from "../packet/parse.js";

/** Which queues of fragments to look at. All given filters have to match; they work in the kernel of the host. */
export type FragmentFilterParameters = Pick<PacketFilterParameters, "src" | "dst" | "ip">;

export const fragmentFilters = { src: packetFilters.src, dst: packetFilters.dst, ip: packetFilters.ip };
const Filters = z.strictObject(fragmentFilters);
type Filters = z.output<typeof Filters>;

const insert = "inet_frag_queue_insert";
/** Where it is known what has become of a fragment. */
export const insertReturn = `kretprobe:${insert}`;
export const kill = "kprobe:inet_frag_kill";
export const freeHook = "tracepoint:skb:kfree_skb";

/** What gives up a queue whose time is over, by version of IP; each ends the queue in inet_frag_kill(). */
const expiries = { ip_expire: 4, ip6_frag_expire: 6, nf_ct_frag6_expire: 6 } as const;
type Expiry = keyof typeof expiries;

/** What a fragment is handed to, and which argument of it says who wants it whole. */
export const defragment = { ip_defrag: 4, nf_ct_frag6_gather: 6 } as const;

export const insertHooks: Hooks = {
  required: [`kprobe:${insert}`, insertReturn],
  optional: [kill, ...["ip_expire", "ip6_frag_expire"].flatMap(bothOf)],
  whereLoaded: bothOf("nf_ct_frag6_expire"),
};

export function bothOf(name: string): string[] {
  return [`kprobe:${name}`, `kretprobe:${name}`];
}

/** Program text for a queue `$q` of fragments, by version of IP. Its key stands behind a pointer. */
export const queue = {
  4: {
    user: "$q->key.v4.user",
    protocol: "$q->key.v4.protocol",
    id: "$q->key.v4.id",
    src: "ntop($q->key.v4.saddr)",
    dst: "ntop($q->key.v4.daddr)",
  },
  6: {
    user: "$q->key.v6.user",
    protocol: "0",
    id: "$q->key.v6.id",
    src: "ntop($q->key.v6.saddr.in6_u.u6_addr8)",
    dst: "ntop($q->key.v6.daddr.in6_u.u6_addr8)",
  },
} as const;

/** Of a queue whose address in numbers is `$at`. */
function queueTests(filters: Filters, version: 4 | 6): Fragment {
  const pointers = {
    src: bpftrace`$at + 8`,
    dst: version === 4 ? bpftrace`$at + 12` : bpftrace`$at + 24`,
  };
  return joined([bpftrace`1`, ...addressTests(filters, version, pointers)], " && ");
}

/** What a program does, by version of IP; `$q` is the queue, and where a fragment is put there `$skb` it, `$offset` and `$end` its place, `$dev` its device, which the queue forgets. */
export interface FragmentActions {
  onEntry: Fragment;
  inserted(version: 4 | 6): Fragment;
  expired(version: 4 | 6): Fragment;
}

/** Clauses for fragments that are put into queues, and for queues that are given up. */
export function queueClauses(filters: Filters, target: Target, actions: FragmentActions): Fragment {
  const keep = bpftrace`if (${isMeasuring}) { $keep = (uint64)arg1; @queue[$keep] = (uint64)arg0; @offset[$keep] = (uint64)arg2; @end[$keep] = (uint64)arg3; @device[$keep] = (uint64)$skb->dev; ${actions.onEntry} }`;
  const forget = bpftrace`delete(@queue[$kept]); delete(@offset[$kept]); delete(@end[$kept]); delete(@device[$kept]);`;
  return joined(
    [
      bpftrace`${attachTo(target, `kprobe:${insert}`)} {
  $skb = (struct sk_buff *)arg1; $at = (uint64)arg0; $keep = (uint64)0;
  if ($skb->protocol == 8) { if (${queueTests(filters, 4)}) { ${keep} } } else { if (${queueTests(filters, 6)}) { ${keep} } }
  ${keepForReturn(insert, bpftrace`$keep`)} }`,
      bpftrace`${attachTo(target, insertReturn)} { ${atReturn(
        insert,
        bpftrace`$skb = (struct sk_buff *)$kept; $q = (struct inet_frag_queue *)@queue[$kept]; $offset = @offset[$kept]; $end = @end[$kept]; $dev = (struct net_device *)@device[$kept]; ${forget}
    if ($skb->protocol == 8) { ${actions.inserted(4)} } else { ${actions.inserted(6)} }`,
      )} }`,
      ...expiryClauses(filters, target, actions),
    ],
    "\n",
  );
}

function expiryClauses(filters: Filters, target: Target, { expired }: FragmentActions): Fragment[] {
  const there = (Object.keys(expiries) as Expiry[]).filter((name) =>
    bothOf(name).every((hook) => target.hooks.has(hook)),
  );
  if (there.length === 0 || !target.hooks.has(kill)) return [];
  const act = (version: 4 | 6) => {
    const within = there.filter((name) => expiries[name] === version).map(isWithin);
    if (within.length === 0) return bpftrace``;
    return bpftrace`if ((${joined(within, " || ")}) && ${queueTests(filters, version)}) { $q = (struct inet_frag_queue *)arg0; ${expired(version)} }`;
  };
  return [
    ...there.flatMap((name) => [
      bpftrace`${attachTo(target, `kprobe:${name}`)} { ${keepForReturn(name, bpftrace`0`)} }`,
      bpftrace`${attachTo(target, `kretprobe:${name}`)} { ${atReturn(name, bpftrace``)} }`,
    ]),
    bpftrace`${attachTo(target, kill)} { ${readThread}
  $at = (uint64)arg0; ${act(4)} ${act(6)} }`,
  ];
}
