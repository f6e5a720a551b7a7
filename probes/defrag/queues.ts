import {
  addressFilters,
  type Bpf,
  bpf,
  callHooks,
  errorName,
  field,
  fields,
  type HookAt,
  type HookSite,
  type Hooks,
  isWithin,
  joined,
  numbers,
  packet,
  protocolName,
  readAt,
  readThread,
  signed32,
  swapped16,
  swapped32,
  type Writing,
} from "../../lib/probes/index.js";

const insert = "inet_frag_queue_insert";
export const kill = "kprobe:inet_frag_kill";
export const freeHook = "tracepoint:skb:kfree_skb";

/** What gives up a queue whose time is over, by version of IP; each ends the queue in inet_frag_kill(). */
const expiries = { ip_expire: 4, ip6_frag_expire: 6, nf_ct_frag6_expire: 6 } as const;

/** What a fragment is handed to; its third argument says who wants it whole. */
export const defragment = { ip_defrag: 4, nf_ct_frag6_gather: 6 } as const;

export const insertHooks: Hooks = {
  required: callHooks(insert),
  optional: [kill, ...["ip_expire", "ip6_frag_expire"].flatMap(callHooks)],
  whereLoaded: callHooks("nf_ct_frag6_expire"),
};

/** Which queues of fragments to look at. */
export const queueFilters = addressFilters;

/** A fragment is put into its queue, a queue is given up, a refused fragment is freed, a fragment is handed in. */
const steps = ["insert", "expire", "free", "defragment"] as const;

/** What a queue says of a fragment (enum of net/ipv4/inet_fragment.c: IPFRAG_OK, IPFRAG_DUP, IPFRAG_OVERLAP). */
const inserted = ["OK", "DUPLICATE", "OVERLAP"];
const inProgress = -115;

export function isInsert(at: HookSite): boolean {
  return at.hook === `kretprobe:${insert}`;
}

function stepOf(at: HookSite): number {
  if (isInsert(at)) return 0;
  return at.hook === kill ? 1 : at.hook === freeHook ? 2 : 3;
}

/** The name of what a step returned. */
function resultName(step: string, code: number): string {
  if (step === "expire") return "EXPIRED";
  if (step === "free") return "FREED";
  if (step === "insert") return inserted[code] ?? `CODE_${code}`;
  if (code === 0) return "COMPLETE";
  return code === inProgress ? "WAITING" : code < 0 ? errorName(code) : `CODE_${code}`;
}

const zones = 65_536;
const tracking = ["conntrack in", "conntrack out", "conntrack bridge"];

/** Who puts fragments together, in numbers as enum ip_defrag_users and ip6_defrag_users have them: those of connection tracking have a zone. */
function userName(user: number, version: number): [user: string, zone: number | null] {
  const first = version === 6 ? 1 : 2;
  if (user === 0) return ["local delivery", null];
  if (user < first) return ["router alert", null];
  const name = tracking[Math.floor((user - first) / zones)];
  return name === undefined ? [`user ${user}`, null] : [name, (user - first) % zones];
}

/** What is done, and what becomes of it. */
export const stepField = fields({
  columns: [
    {
      name: "step",
      type: "VARCHAR",
      meaning:
        "insert: a fragment comes to its queue; expire: a queue is given up; free: a refused fragment is freed; defragment: one is handed in",
    },
    {
      name: "result",
      type: "VARCHAR",
      meaning:
        "OK, DUPLICATE or OVERLAP of insert; EXPIRED; FREED; WAITING, COMPLETE or an error of defragment",
    },
  ],
  words: numbers(2),
  say: (at) => [stepOf(at), at.hook.startsWith("kretprobe:") ? at.result : 0],
  read: ([number = "0", code = "0"]) => {
    const step = steps[Number(number)] as string;
    return [step, resultName(step, signed32(code))];
  },
});

/** Of which queue: {@link readQueue} sets the variables. */
export const userField = fields({
  columns: [
    { name: "ip_version", type: "INTEGER", meaning: "4 or 6" },
    { name: "user", type: "VARCHAR", meaning: "who puts the fragments together" },
    {
      name: "zone",
      type: "INTEGER",
      meaning: "connection tracking zone that does; null where it is not conntrack",
    },
  ],
  words: numbers(2),
  say: () => [packet.version, bpf`$user`],
  read: ([version, user]) => [Number(version), ...userName(Number(user), Number(version))],
});

export const queueProtocolField = field({
  name: "protocol",
  type: "VARCHAR",
  meaning: "IP protocol of the datagram; null where the queue doesn't know, as of IPv6",
  say: () => packet.protocol,
  read: ([protocol]) => (protocol === "0" ? null : protocolName(Number(protocol))),
});

const key = (name: string) => `inet_frag_queue.key.${name}`;

/** Statements that set source and destination of the queue `$q`, by {@link packet}'s version, where filters and fields look for them. */
export function readAddresses(at: HookAt): Bpf {
  const half = (name: string, bytes: number) =>
    readAt(bpf`${at.addressOf(bpf`$q`, key(name))} + ${bytes}`, 8);
  const { src, dst, version } = packet;
  return bpf`if (${version} == 4) {
    ${src.high} = 0; ${src.low} = ${at.read(bpf`$q`, key("v4.saddr"))}; ${dst.high} = 0; ${dst.low} = ${at.read(bpf`$q`, key("v4.daddr"))};
  } else {
    ${src.high} = ${half("v6.saddr", 0)}; ${src.low} = ${half("v6.saddr", 8)};
    ${dst.high} = ${half("v6.daddr", 0)}; ${dst.low} = ${half("v6.daddr", 8)};
  }`;
}

/** Statements that set the user, the protocol and the identification of the queue `$q`. */
export function readQueue(at: HookAt): Bpf {
  const read = (name: string) => at.read(bpf`$q`, key(name));
  return bpf`$user = 0; ${packet.protocol} = 0; ${packet.id} = 0;
  if (${packet.version} == 4) {
    $user = ${read("v4.user")}; ${packet.protocol} = ${read("v4.protocol")}; $w = ${read("v4.id")}; ${packet.id} = ${swapped16(bpf`$w`)};
  } else { $user = ${read("v6.user")}; $w = ${read("v6.id")}; ${packet.id} = ${swapped32(bpf`$w`)}; }`;
}

/** What an insertion keeps for its return: the fragment and its queue, its place, and its device, which the queue forgets. */
const kept = [bpf`$skb`, bpf`$q`, packet.version, bpf`$offset`, bpf`$end`, bpf`$dev`];

/** What is done with a fragment when its insertion returns, with all of {@link kept} there, and with a queue `$q` that is given up. */
interface QueueActions {
  inserted(at: HookAt): Bpf;
  expired(at: HookAt): Bpf;
}

/** Clauses for fragments that are put into queues, and for queues `$q` that are given up. */
export function queueClauses(
  { call, on, has, filtered }: Writing<unknown>,
  { inserted, expired }: QueueActions,
): Bpf[] {
  const there = Object.entries(expiries).filter(([name]) => callHooks(name).every(has));
  const within = there.map(
    ([name, version]) => bpf`if (${isWithin(name)}) { ${packet.version} = ${version}; }`,
  );
  return [
    call(insert, {
      words: kept.length,
      enter: (
        at,
        keep,
      ) => bpf`$q = ${at.arg(0)}; $skb = ${at.arg(1)}; $offset = ${at.arg(2)} & 0xffffffff; $end = ${at.arg(3)} & 0xffffffff;
  ${packet.version} = 6; if (${at.read(bpf`$skb`, "sk_buff.protocol")} == 8) { ${packet.version} = 4; }
  ${filtered(at, readAddresses(at), bpf`$dev = ${at.read(bpf`$skb`, "sk_buff.dev")}; ${keep(...kept)}`)}`,
      leave: (at, words) => bpf`${joined(
        kept.map((variable, index) => bpf`${variable} = ${words[index] ?? 0};`),
        " ",
      )}
  ${readQueue(at)}
  ${inserted(at)}`,
    }),
    ...there.map(([name]) => call(name, {})),
    there.length === 0
      ? bpf``
      : on(
          kill,
          (at) => bpf`${readThread}
  ${packet.version} = 0; ${joined(within, " ")} if (${packet.version} == 0) { return; }
  $q = ${at.arg(0)};
  ${filtered(
    at,
    readAddresses(at),
    bpf`${readQueue(at)}
  ${expired(at)}`,
  )}`,
        ),
  ];
}
