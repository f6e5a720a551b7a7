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
  type Maps,
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

/**
 * By what a packet says of itself, since it comes back as another one: when the last was asked about; how many are open, and in bit 0 whether there was ever more than one; its port's address in two halves,
 * behind the second why it was asked about. Printed numbers above 2^53 would lose their last bits.
 */
export const open = new BpfMap("open", false, 32);

/** Ports, by their address and name. */
const ports = new BpfMap("ports", false);

/** `OVS_PACKET_CMD_*` (include/uapi/linux/openvswitch.h). */
const reasons = new Map([
  ["1", "miss"],
  ["2", "action"],
]);

const [dev, reason, error] = [bpf`$dev`, bpf`$reason`, bpf`$error`];

/** Of an answered upcall, when it began and ended. */
export const wait = { began: bpf`$began`, ended: bpf`$now` };

const device = {
  name: "device",
  type: "VARCHAR",
  meaning: "port of the switch that the packets came in by",
} as const;

/** The port as rows have it, and as counts have it, whose maps say which it was. */
export const deviceField: Field = field({
  ...device,
  words: numbers(2),
  say: (at) => Object.values(at.name(dev, "net_device.name")),
  read: ([first = "0", second = "0"]) => nameOf(first, second),
});

export const places = {
  device: field({ ...device, say: () => dev, read: ([address = ""], { maps }) => portName(maps, address) }),
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

function portName(maps: Maps | undefined, address: string): string | null {
  for (const key of maps?.get(ports.name)?.keys() ?? []) {
    const [port, first = "0", second = "0"] = key.split(",");
    if (port !== undefined && same(port) === same(address)) return nameOf(first, second);
  }
  return null;
}

/** bpftrace prints addresses with a sign or without. */
const same = (word: string) => BigInt.asUintN(64, BigInt(word));

/** What the places of an open upcall are made of: the words of its value in the map. */
export function openUpcall(
  value: readonly unknown[],
  by: readonly string[],
): { count: number; words: string[] } {
  const [, packets = 0n, low = 0n, high = 0n] = value.map((one) => BigInt(String(one)));
  const words: { readonly [place: string]: bigint } = {
    device: low | ((high & 0xffffffffn) << 32n),
    reason: high >> 32n,
    error: 0n,
  };
  return { count: Number(packets >> 1n), words: by.map((one) => String(words[one] ?? 0n)) };
}

/** What tells packets apart: addresses, protocol, ports, identification, and of TCP and ICMP the sequence number. */
const key = [
  bpf`${packet.etherType} << 48 | ${packet.protocol} << 40 | ${packet.fragment} << 16 | (${packet.arp} & 0xffff)`,
  // An IPv6 address in 64 bits; of IPv4 the high ones are 0.
  bpf`${packet.src.high} * 31 + ${packet.src.low}`,
  bpf`${packet.dst.high} * 31 + ${packet.dst.low}`,
  bpf`${packet.id} << 32 | ${packet.srcPort} << 16 | ${packet.dstPort}`,
  bpf`${packet.seq} ^ (${packet.icmp} >> 16)`,
];
const words = key.map((_, index) => bpf`$key${index}`);
const setKey = joined(
  key.map((word, index) => bpf`${words[index] as Bpf} = ${word};`),
  " ",
);

const here = open.at(...words);

/** Statements that set `$n` to how many with this key are open, and what is known of them; and that take one of them away. */
const look = bpf`${setKey}
  $on = ${here}; $n = $on.1 >> 1; ${wait.began} = $on.0;
  ${dev} = $on.2 | ($on.3 & 0xffffffff) << 32; ${reason} = $on.3 >> 32; ${error} = 0;`;
const takeOne = bpf`if ($n <= 1) { delete(${here}); } else { ${here} = (${wait.began}, $on.1 - 2, $on.2, $on.3); }`;

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
  $port = ${packet.dev}; $why = ${why(at)}; ${ports.at(bpf`$port`, packet.device.first, packet.device.second)} = 1;
  ${actions.began(
    at,
    bpf`$on = ${here}; $n = ($on.1 >> 1) + 1;
    ${here} = (${wait.ended}, $n << 1 | ($n > 1 ? 1 : 0), $port & 0xffffffff, ($port >> 32 & 0xffffffff) | $why << 32);`,
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
