import { z } from "zod";
import {
  addressFilters,
  addressOf,
  type Bpf,
  BpfMap,
  bpf,
  constant,
  type Field,
  field,
  filter,
  type HookAt,
  type Hooks,
  isMeasuring,
  isUnready,
  type Maps,
  numbers,
  ownNetns,
  packet,
  prefix,
  type Target,
  type Writing,
} from "../../lib/probes/index.js";

// An echo request and its reply (RFC 792, RFC 4443) at the host that asks, and at the one that answers:
//
//     asker     net_dev_queue -> net_dev_start_xmit ... netif_receive_skb -> freed
//     answerer                      netif_receive_skb -> net_dev_queue -> net_dev_start_xmit
//
// Both are known by addresses, identifier and sequence number. Devices that stand on top of each other (VLAN, bond, bridge, internal port) show a packet several times: of those that it is
// handed to the last one counts, of those that it comes in by the first.

const queueHook = "tracepoint:net:net_dev_queue";
const sendHook = "tracepoint:net:net_dev_start_xmit";
const sentHook = "tracepoint:net:net_dev_xmit";
const receiveHook = "tracepoint:net:netif_receive_skb";
const freeHooks = ["tracepoint:skb:consume_skb", "tracepoint:skb:kfree_skb"] as const;

/** Tracepoints only, which every kernel has. */
export const echoHooks: Hooks = { required: [queueHook, sendHook, sentHook, receiveHook, ...freeHooks] };

const type = bpf`(${packet.icmp} & 0xff)`;
const isReplyType = bpf`(${type} == 0 || ${type} == 129)`;
const isEcho = bpf`(${packet.icmp} >> 48 == 1 && ((${packet.version} == 4 && (${type} == 8 || ${type} == 0)) || (${packet.version} == 6 && (${type} == 128 || ${type} == 129))))`;
const isIcmp = bpf`${packet.protocol} == (${packet.version} == 4 ? 1 : 58)`;

/** Whichever way a packet goes, one end is who asks. */
const end = (asked: keyof typeof addressFilters, replied: keyof typeof addressFilters, meaning: string) =>
  filter({
    schema: prefix,
    meaning,
    // A choice between conditions makes bpftrace 0.23 crash.
    test: (value, site) => {
      const [reply, request] = [replied, asked].map((which) => addressFilters[which].test(value, site));
      return bpf`((${isReplyType} && ${reply as Bpf}) || (!${isReplyType} && ${request as Bpf}))`;
    },
    versions: addressFilters.src.versions as (value: string) => readonly (4 | 6)[],
  });

export const echoFilters = {
  asker: end("src", "dst", "address or prefix of who asks, IPv4 or IPv6"),
  answerer: end("dst", "src", "address or prefix of who is asked, IPv4 or IPv6"),
};

export const netnsParameter = {
  netns: z
    .int()
    .min(1)
    .optional()
    .describe("inode of the network namespace to look at; default: the one that commands run in"),
};

/** What becomes of a ping that has no time. */
export const echoEndings = {
  unanswered: "no reply within timeoutMs: of the asker, none came in; of the answerer, none was made",
  unsent: "not handed to a driver within timeoutMs: of the asker the request, of the answerer the reply",
  open: "neither, and younger than timeoutMs at the end",
  unclear: "answered, while another of the same addresses, identifier and sequence number was open",
  repeated: "asked again with the same addresses, identifier and sequence number, while the first was open",
  strayed: "its reply came in, and where that ended its memory had another packet",
  fragments: "asked in fragments, which are not followed",
  unfollowed: "asked, and there was no room to follow it",
  unexpected:
    "a reply that nobody was seen to have asked for: asked before the probe began, answered twice, or passing through",
  forwarded: "a request that came in and was sent on: it is in no other row",
} as const;
export type EchoEnding = keyof typeof echoEndings;

/** By who asks whom, identifier, sequence number and role: how far it is, two times and the device that it was first seen on: seen on another one, it is the same. */
export const echoes = new BpfMap("echo", false, 32);
/** By packet, of a reply that has come in: three times, its memory and what it is known by. */
const taking = new BpfMap("in", false, 48);
/** By packet and CPU, of a reply that a driver has been given and still has: the same. */
const leaving = new BpfMap("out", false, 48);
/** By CPU and role, the last ping that was counted and is not followed: who asks whom, identifier and sequence number, and the device. */
const passed = new BpfMap("passed", false, 32);
/** The addresses of who asks whom, in two words each, by the number that stands for both: for rows. Behind it in the key: for counts, since printed values above 2^53 would lose their last bits. */
const addresses = new BpfMap("who", false, 32);
const names = new BpfMap("names", false);

const [asked, gone] = [1, 2];
/** Bit of the first word: another one has all in common with it. */
const unclear = 256;
const answererBit = constant(1n << 32n);

/** Who asks whom: of IPv4 both addresses, of IPv6 a number made of them. From bit 0 identifier and sequence number, in bit 32 the role, in bit 33 that it is IPv6. */
const [pair, echo, role] = [bpf`$pair`, bpf`$echo`, bpf`$role`];
const asAsker = echoes.at(pair, echo);
const asAnswerer = echoes.at(pair, bpf`(${echo} | ${answererBit})`);

const either = (inRequest: Bpf, inReply: Bpf) => bpf`($reply == 1 ? ${inReply} : ${inRequest})`;
const [askerHigh, askerLow] = [
  either(packet.src.high, packet.dst.high),
  either(packet.src.low, packet.dst.low),
];
const [answererHigh, answererLow] = [
  either(packet.dst.high, packet.src.high),
  either(packet.dst.low, packet.src.low),
];
/** Odd numbers without a pattern: of the words of different addresses they make different numbers. */
const factors = [0x1e37_79b9_7f4a_7c15n, 0x3f58_476d_1ce4_e5b9n, 0x14d0_49bb_1331_11ebn].map(constant) as [
  Bpf,
  Bpf,
  Bpf,
];

const identify = (versions: readonly (4 | 6)[]) => {
  const pair4 = bpf`${pair} = ${askerLow} << 32 | ${answererLow};`;
  const pair6 = bpf`${pair} = ${askerHigh} + ${askerLow} * ${factors[0]} + ${answererHigh} * ${factors[1]} + ${answererLow} * ${factors[2]}; ${echo} = ${echo} | ${constant(1n << 33n)};`;
  const [only] = versions;
  return bpf`$reply = ${isReplyType} ? 1 : 0; ${pair} = (uint64)0;
  ${echo} = (uint64)(${packet.icmp} >> 16 & 0xffffffff);
  ${versions.length > 1 ? bpf`if (${packet.version} == 4) { ${pair4} } else { ${pair6} }` : only === 6 ? pair6 : pair4}`;
};

const recall = (of: Bpf) => bpf`${pair} = ${of}.4; ${echo} = ${of}.5;`;
const isSame = (of: Bpf) => bpf`${pair} == ${of}.4 && ${echo} == ${of}.5`;

const roles = ["asker", "answerer"] as const;

export const roleField: Field = field({
  name: "role",
  type: "VARCHAR",
  meaning: "asker: this host asked; answerer: this host was asked",
  say: () => role,
  read: ([word = "0"]) => roles[Number(word)] ?? null,
});

const ends = {
  asker: { name: "asker", type: "VARCHAR", meaning: "address of who asks" },
  answerer: { name: "answerer", type: "VARCHAR", meaning: "address of who is asked" },
} as const;
const places = { asker: 0, answerer: 2 };
const isIpv6 = bpf`(${echo} >> 33 & 1)`;

/** As counts have it, whose maps say the addresses. */
const named = (which: keyof typeof ends): Field =>
  field({
    ...ends[which],
    words: numbers(2),
    say: () => [isIpv6, pair],
    read: ([six = "0", pair = "0"], { maps }) => {
      const words = maps && pairsOf(maps).get(same(pair))?.slice(places[which]);
      return words === undefined ? null : addressOf(six === "0" ? 4 : 6, words[0] ?? "0", words[1] ?? "0");
    },
  });

/** bpftrace prints numbers with a sign or without. */
const same = (word: string) => BigInt.asUintN(64, BigInt(word));

const knownPairs = new WeakMap<Maps, ReadonlyMap<bigint, readonly string[]>>();
/** The addresses of pairs by their numbers, read once. */
function pairsOf(maps: Maps): ReadonlyMap<bigint, readonly string[]> {
  const known = knownPairs.get(maps);
  if (known !== undefined) return known;
  const keys = [...(maps.get(names.name)?.keys() ?? [])].map((key) => key.split(","));
  const pairs = new Map(keys.map(([number = "0", ...words]) => [same(number), words] as const));
  knownPairs.set(maps, pairs);
  return pairs;
}

export const echoPlaces = {
  role: roleField,
  asker: named("asker"),
  answerer: named("answerer"),
} satisfies Record<string, Field>;

/** As rows have it. */
export const addressFields: readonly Field[] = (["asker", "answerer"] as const).map((which) =>
  field({
    ...ends[which],
    words: numbers(3),
    say: () => [isIpv6, bpf`$who.${places[which]}`, bpf`$who.${places[which] + 1}`],
    read: ([six = "0", high = "0", low = "0"]) => addressOf(six === "0" ? 4 : 6, high, low),
  }),
);
/** Statement that stands before them. */
export const readAddresses: Bpf = bpf`$who = ${addresses.at(pair)};`;

/** Identifier and sequence number, as they stand in the packet. */
export const echoWord: Bpf = echo;

/** The moments of a ping that has come to its end, of which each role has its own. */
export const moments = {
  /** Of the asker: the request was given to a device, its driver was given it, the reply came in. */
  asked: bpf`$asked`,
  sent: bpf`$sent`,
  received: bpf`$received`,
  /** Of the answerer: the request came in, the reply was given to a device, its driver was given it. */
  wasAsked: bpf`$asked`,
  queued: bpf`$queued`,
  answered: bpf`$sent`,
  /** Of the asker: the stack had done with the reply. */
  now: bpf`$now`,
};

/** What is done with pings. All of them stand behind who asks whom and the moments that they name. */
export interface EchoActions {
  /** The asker's reply has come in. */
  received(at: HookAt): Bpf;
  /** The asker's stack has done with it. */
  taken(at: HookAt): Bpf;
  /** The answerer's reply was given to a device. */
  replied(at: HookAt): Bpf;
  /** Its driver was given it. */
  left(at: HookAt): Bpf;
  counts(at: HookAt, what: EchoEnding): Bpf;
}

interface EchoParameters {
  timeoutMs: number;
  netns?: number | undefined;
}

/**
 * The clauses that follow pings.
 *
 * @param naming where addresses are asked for.
 */
// A request is the host's own where it came in by no device and a socket sends it: what ovs-vswitchd hands back has neither.
// Before a map is read stands what it holds: bpftrace has to know.
export function echoClauses(
  writing: Writing<EchoParameters>,
  naming: "rows" | "counts" | "nowhere",
  actions: EchoActions,
): Bpf[] {
  const { on, packet: parse, anyPacket, parameters, site, versions } = writing;
  const { counts } = actions;
  const { netns = ownNetns(site), timeoutMs } = parameters;
  const [skb, head, dev, on0, it, now] = [bpf`$skb`, bpf`$head`, bpf`$dev`, bpf`$on`, bpf`$it`, moments.now];
  const headOf = (at: HookAt) => bpf`${head} = ${at.read(skb, "sk_buff.head")};`;
  const isOurs = (at: HookAt) =>
    netns === undefined
      ? bpf``
      : bpf`if (${at.read(at.read(bpf`$dev`, "net_device.nd_net.net"), "net.ns.inum")} != ${netns}) { return; }
  `;
  const seen = (at: HookAt, options: { offset?: Bpf | 0; etherType?: Bpf }, request: Bpf, reply: Bpf) =>
    parse(
      at,
      { skb: at.arg("skbaddr"), ...options, tests: [isIcmp, isEcho] },
      bpf`if (!${isMeasuring}) { return; }
  ${dev} = ${at.read(skb, "sk_buff.dev")};
  ${isOurs(at)}${identify(versions)}
  ${now} = nsecs; ${headOf(at)}
  if ($reply == 0) { ${request} } else { ${reply} }`,
    );

  const four = [askerHigh, askerLow, answererHigh, answererLow] as const;
  const named = {
    rows: bpf`${addresses.at(pair)} = (${four[0]}, ${four[1]}, ${four[2]}, ${four[3]});`,
    counts: bpf`${names.at(pair, ...four)} = 1;`,
    nowhere: bpf``,
  };
  // Devices on top of each other are given a packet within one call: on one CPU, with no other ping in between.
  const last = passed.at(bpf`cpu`, role);
  const passes = (at: HookAt, what: EchoEnding) =>
    bpf`${last} = (${pair}, ${echo}, (uint64)${dev}); ${counts(at, what)}`;
  /** A request is seen where it begins: again, unless it is the first of its key. */
  const begins = (at: HookAt, entry: Bpf, ends: { asked: EchoEnding; gone: EchoEnding }) =>
    bpf`$last = ${last};
    if ($last.2 != 0 && $last.2 != ${dev} && $last.0 == ${pair} && $last.1 == ${echo}) { return; }
    if (${packet.fragment} != 0) { ${passes(at, "fragments")} return; }
    if (${on0}.0 != 0) {
      if (${now} - ${on0}.2 <= ${timeoutMs * 1_000_000}) {
        ${entry} = ((uint64)(${on0}.0 | ${unclear}), ${on0}.1, ${on0}.2, ${on0}.3);
        ${counts(at, "repeated")} return;
      }
      if ((${on0}.0 & 255) == ${asked}) { ${counts(at, ends.asked)} } else { ${counts(at, ends.gone)} }
    }
    if (${isUnready}) { return; }
    ${entry} = ((uint64)${asked}, ${now}, ${now}, ${dev});
    ${named[naming]}
    ${on0} = ${entry};
    if (${on0}.0 == 0) { ${passes(at, "unfollowed")} }`;

  return [
    on(receiveHook, (at) =>
      seen(
        at,
        { offset: 0 },
        bpf`${role} = 1; ${on0} = ${asAnswerer};
    if (${at.read(skb, "sk_buff.pkt_type")} != 0 || (${on0}.0 != 0 && ${on0}.3 != ${dev})) { return; }
    ${begins(at, asAnswerer, { asked: "unanswered", gone: "unsent" })}`,
        bpf`${role} = 0; ${on0} = ${asAsker};
    if (${on0}.0 == 0) {
      ${it} = ${taking.at(skb)};
      if (${it}.0 != 0 && ${it}.3 == ${head}) { return; }
      if (${at.read(skb, "sk_buff.pkt_type")} == 0) { ${counts(at, "unexpected")} }
      return;
    }
    delete(${asAsker});
    if (${on0}.0 != ${gone}) { ${counts(at, "unclear")} return; }
    ${taking.at(skb)} = (${now}, ${on0}.1, ${on0}.2, ${head}, ${pair}, ${echo});
    ${moments.received} = ${now}; ${moments.sent} = ${on0}.1; ${moments.asked} = ${on0}.2;
    ${actions.received(at)}`,
      ),
    ),
    on(sendHook, (at) =>
      seen(
        at,
        { offset: at.arg("network_offset"), etherType: at.arg("protocol") },
        bpf`${on0} = ${asAsker};
    if (${on0}.0 != 0) { ${asAsker} = ((uint64)(${on0}.0 & ${unclear} | ${gone}), ${now}, ${on0}.2, ${on0}.3); }`,
        bpf`${on0} = ${asAnswerer};
    if ((${on0}.0 & 255) != ${gone}) { return; }
    delete(${asAnswerer});
    if (${on0}.0 != ${gone}) { ${role} = 1; ${counts(at, "unclear")} return; }
    ${leaving.at(skb, bpf`cpu`)} = (${now}, ${on0}.1, ${on0}.2, ${head}, ${pair}, ${echo});`,
      ),
    ),
    on(queueHook, (at) =>
      seen(
        at,
        {},
        bpf`${role} = 0; $local = ${at.read(skb, "sk_buff.skb_iif")} == 0 && ${at.read(skb, "sk_buff.sk")} != 0 ? 1 : 0; ${on0} = ${asAsker}; $other = ${asAnswerer};
    if ($local == 0 || (${on0}.0 != 0 && ${on0}.3 != ${dev})) {
      if ($other.0 == ${asked}) { delete(${asAnswerer}); if (${on0}.0 == 0) { ${role} = 1; ${counts(at, "forwarded")} } }
      return;
    }
    ${begins(at, asAsker, { asked: "unsent", gone: "unanswered" })}`,
        bpf`${role} = 1; ${on0} = ${asAnswerer};
    if (${on0}.0 == 0) {
      ${it} = ${leaving.at(skb, bpf`cpu`)};
      if (${it}.0 != 0 && ${it}.3 == ${head} && ${isSame(it)}) {
        delete(${leaving.at(skb, bpf`cpu`)});
        ${asAnswerer} = ((uint64)${gone}, ${it}.1, ${it}.2, (uint64)0);
      }
      return;
    }
    if ((${on0}.0 & 255) != ${asked}) { return; }
    if (${on0}.0 != ${asked}) { delete(${asAnswerer}); ${counts(at, "unclear")} return; }
    ${asAnswerer} = ((uint64)${gone}, ${now}, ${on0}.2, ${on0}.3);
    ${moments.queued} = ${now}; ${moments.wasAsked} = ${on0}.2;
    ${actions.replied(at)}`,
      ),
    ),
    on(sentHook, (at) => {
      const entry = leaving.at(skb, bpf`cpu`);
      return bpf`${skb} = ${at.arg("skbaddr")}; ${it} = ${entry};
  if (${it}.0 == 0) { return; }
  delete(${entry});
  if (!${isMeasuring}) { return; }
  ${recall(it)} ${role} = 1;
  ${moments.answered} = ${it}.0; ${moments.queued} = ${it}.1; ${moments.wasAsked} = ${it}.2;
  if (${at.arg("rc")} == ${busy}) { ${asAnswerer} = ((uint64)${gone}, ${moments.queued}, ${moments.wasAsked}, (uint64)0); return; }
  ${actions.left(at)}`;
    }),
    ...freeHooks.map((hook) =>
      on(hook, (at) =>
        anyPacket(
          at,
          {
            skb: at.arg("skbaddr"),
            first: bpf`${it} = ${taking.at(skb)};
  if (${it}.0 == 0) { return; }
  delete(${taking.at(skb)});
  if (!${isMeasuring}) { return; }
  ${now} = nsecs; ${role} = 0; ${headOf(at)}`,
          },
          bpf`${identify(versions)}
  if (${head} != ${it}.3 || !(${isSame(it)})) { ${recall(it)} ${counts(at, "strayed")} return; }
  ${moments.received} = ${it}.0; ${moments.sent} = ${it}.1; ${moments.asked} = ${it}.2;
  ${actions.taken(at)}`,
        ),
      ),
    ),
  ];
}

/** NETDEV_TX_BUSY (include/linux/netdevice.h): the packet is still the queue's. */
const busy = 16;

/** What a ping is that was not at its end when the measuring was: by its words in {@link echoes}. */
export function unfinished(
  key: readonly string[],
  value: readonly unknown[],
  { ended, timeoutMs }: { ended: bigint | null; timeoutMs: number },
): { what: EchoEnding; words: { readonly [field: string]: readonly string[] } } {
  const [pair = "0", echo = "0"] = key;
  const [state = 0n, , since = 0n] = value.map((one) => BigInt(String(one)));
  const bits = BigInt(echo);
  const isAnswerer = ((bits >> 32n) & 1n) === 1n;
  const ends = [String((bits >> 33n) & 1n), pair];
  const old = ended === null || ended - since > BigInt(timeoutMs) * 1_000_000n;
  const waitsForReply = (state & 255n) === BigInt(isAnswerer ? asked : gone);
  return {
    what: !old ? "open" : waitsForReply ? "unanswered" : "unsent",
    words: { role: [isAnswerer ? "1" : "0"], asker: ends, answerer: ends },
  };
}

/** What a reader must know on this very host. */
export function echoNotes({ host, snapshot }: Target): string[] {
  return snapshot.netns === undefined
    ? [`${host} did not say its network namespace: pings of others are seen, too`]
    : [];
}
