import {
  type Bpf,
  BpfMap,
  bpf,
  callHooks,
  datapathTypes,
  errorName,
  type Field,
  field,
  type HookAt,
  type Hooks,
  joined,
  nameOf,
  numbers,
  packet,
  packetFilters,
  readAt,
  signed32,
  swapped16,
  type Target,
  type Writing,
} from "../../lib/probes/index.js";

/** The kernel's switch asks ovs-vswitchd what to do with a packet; and ovs-vswitchd hands it back, to be sent on. */
const upcall = "ovs_dp_upcall";
const handedBack = "kprobe:ovs_flow_key_extract_userspace";

export const upcallHooks: Hooks = { required: [...callHooks(upcall), handedBack] };
export const upcallModules = ["openvswitch"];

export const upcallFilters = {
  ...packetFilters,
  device: { ...packetFilters.device, meaning: "port of the switch that packets came in by" },
};

/** By what a packet says of itself, since it comes back as another one: when the last was asked about; how many are open, and in bit 0 whether there was ever more than one; its port's name in four parts; why. */
export const open = new BpfMap("open", false, 56);

/** `OVS_PACKET_CMD_*` (include/uapi/linux/openvswitch.h). */
const reasons = new Map([
  ["1", "miss"],
  ["2", "action"],
]);

const [name1, name2, reason, error] = [bpf`$name1`, bpf`$name2`, bpf`$reason`, bpf`$error`];

/** Of an answered upcall, when it began and ended. */
export const wait = { began: bpf`$began`, ended: bpf`$now` };

export const places = {
  device: field({
    name: "device",
    type: "VARCHAR",
    meaning: "port of the switch that the packets came in by",
    words: numbers(2),
    say: () => [name1, name2],
    read: ([first = "0", second = "0"]) => nameOf(first, second),
  }),
  reason: field({
    name: "reason",
    type: "VARCHAR",
    meaning: "miss: no flow of the kernel's fits; action: a flow says so; null where it isn't known",
    say: () => reason,
    read: ([number = ""]) => reasons.get(number) ?? null,
  }),
  error: field({
    name: "error",
    type: "VARCHAR",
    meaning: "why the kernel could not ask; null where it could",
    say: () => error,
    read: ([word = "0"]) => (word === "0" ? null : errorName(signed32(word))),
  }),
} satisfies Record<string, Field>;

/** What the places of an open upcall are made of: the words of its value in the map. */
export function openUpcall(
  value: readonly unknown[],
  by: readonly string[],
): { count: number; words: string[] } {
  const [, packets = 0, ...parts] = value.map((one) => BigInt(String(one)));
  const [a = 0n, b = 0n, c = 0n, d = 0n, why = 0n] = parts;
  const words: { readonly [place: string]: readonly bigint[] } = {
    device: [a | (b << 32n), c | (d << 32n)],
    reason: [why],
    error: [0n],
  };
  return { count: Number(BigInt(packets) >> 1n), words: by.flatMap((one) => words[one] ?? []).map(String) };
}

/** What tells packets apart: addresses, protocol, ports, identification, and of TCP and ICMP the sequence number. */
const key = [
  packet.src.high,
  packet.src.low,
  packet.dst.high,
  packet.dst.low,
  bpf`${packet.etherType} << 48 | ${packet.protocol} << 40 | ${packet.fragment} << 16 | (${packet.arp} & 0xffff)`,
  bpf`${packet.id} << 32 | ${packet.srcPort} << 16 | ${packet.dstPort}`,
  bpf`${packet.seq} ^ (${packet.icmp} >> 16)`,
];
const words = key.map((_, index) => bpf`$key${index}`);
const setKey = joined(
  key.map((word, index) => bpf`${words[index] as Bpf} = ${word};`),
  " ",
);
const here = open.at(...words);

/** Statements that set `$n` to how many with this key are open, and what is known of them. */
const look = bpf`${setKey}
  $on = ${here}; $n = $on.1 >> 1; ${wait.began} = $on.0;
  ${name1} = $on.2 | $on.3 << 32; ${name2} = $on.4 | $on.5 << 32; ${reason} = $on.6; ${error} = 0;`;
const rest = bpf`$on.2, $on.3, $on.4, $on.5, $on.6`;
const takeOne = bpf`if ($n <= 1) { delete(${here}); } else { ${here} = (${wait.began}, $on.1 - 2, ${rest}); }`;

/**
 * The clauses that see upcalls.
 *
 * @param actions.began statements for an upcall, with those that keep it.
 * @param actions.answered what is done when a packet comes back that was asked about alone.
 * @param actions.unclear when one comes back while others that look the same are open.
 * @param actions.refused when the kernel could not ask.
 * @param actions.unasked when one comes back that was not asked about.
 */
export function upcallClauses(
  { on, call, packet: parse, anyPacket, site }: Writing<unknown>,
  actions: {
    began(at: HookAt, keep: Bpf): Bpf;
    answered(at: HookAt): Bpf;
    unclear(at: HookAt): Bpf;
    refused(at: HookAt): Bpf;
    unasked(at: HookAt): Bpf;
  },
): Bpf[] {
  const half = (word: Bpf) => bpf`${word} & 0xffffffff, ${word} >> 32 & 0xffffffff`;
  const why = (at: HookAt) =>
    site.has("dp_upcall_info.cmd") ? at.read(at.arg(3), "dp_upcall_info.cmd") : bpf`0`;
  return [
    on(handedBack, (at) => {
      // A frame of bytes, of which the kernel knows nothing yet.
      const data = at.read(bpf`$skb`, "sk_buff.data");
      const first = bpf`${wait.ended} = nsecs; $ether = ${readAt(bpf`${data} + 12`, 2)};`;
      return anyPacket(
        at,
        { skb: at.arg(2), first, offset: bpf`14`, etherType: swapped16(bpf`$ether`) },
        bpf`${look}
  if ($n == 0) { ${actions.unasked(at)} return; }
  ${takeOne}
  if ($on.1 != 2) { ${actions.unclear(at)} return; }
  ${actions.answered(at)}`,
      );
    }),
    call(upcall, {
      enter: (at, keep) =>
        parse(
          at,
          { skb: at.arg(1), first: bpf`${wait.ended} = nsecs;` },
          bpf`${setKey}
  $first = ${packet.device.first}; $second = ${packet.device.second}; $why = ${why(at)};
  ${actions.began(
    at,
    bpf`$on = ${here}; $n = ($on.1 >> 1) + 1;
    ${here} = (${wait.ended}, $n << 1 | ($n > 1 ? 1 : $on.1 & 1), ${half(bpf`$first`)}, ${half(bpf`$second`)}, $why);`,
  )}
  ${keep(bpf`$skb`)}`,
        ),
      leave: (at, [skb = bpf`0`]) => bpf`if (${at.result} == 0) { return; }
  ${anyPacket(
    at,
    { skb, first: bpf`${wait.ended} = nsecs;` },
    bpf`${look} ${error} = ${at.result};
  if ($n == 0) { return; }
  ${takeOne}
  ${actions.refused(at)}`,
  )}`,
    }),
  ];
}

/** What a reader must know on this very host. */
export function upcallNotes({ snapshot, layouts }: Target): string[] {
  return [
    ...(datapathTypes(snapshot).includes("netdev")
      ? [
          "a bridge of this host has its datapath in user space (netdev): what goes through that makes no upcalls that the kernel knows of",
        ]
      : []),
    ...(layouts !== null && layouts.field("dp_upcall_info.cmd") === null
      ? ["the module openvswitch of this kernel has no BTF: why a packet was asked about is unknown"]
      : []),
  ];
}
