import { z } from "zod";
import { SkbookError } from "../../lib/errors/index.js";
import {
  bpf,
  field,
  fields,
  filter,
  type HookAt,
  type Hooks,
  joined,
  numbers,
  packet,
  packetFilters,
  symbolOf,
  type Target,
  type Tracepoint,
} from "../../lib/probes/index.js";

/** Where the kernel frees a packet that it did not deliver. */
export const dropHook = "tracepoint:skb:kfree_skb";
export const dropHooks: Hooks = { required: [dropHook] };

/** Its reasons below this say that the packet was not dropped, or was consumed; kernels before 5.17 have none. */
export const isDrop = (at: HookAt) => bpf`${at.arg("reason")} >= ${lowestReason(at.target)}`;
export const whenDrop = (target: Target) => (hasReasons(target) ? isDrop : undefined);

/** The packet, and its EtherType as the tracepoint has it. */
export const dropped = (at: HookAt) => ({ skb: at.arg("skbaddr"), etherType: at.arg("protocol") });

export const reasonField = field({
  name: "reason",
  type: "VARCHAR",
  meaning: "why, as the host's kernel names it; null where it gives no reasons",
  say: (at) => (hasReasons(at.target) ? at.arg("reason") : 0),
  read: ([number = ""], { target }) => reasonName(target, number),
});

/** The name of a function in its source, without what GCC adds to that of another version that it made. */
export function functionName(symbol: string): string {
  return symbol.replace(/(\.(constprop|isra|part|cold)(\.\d+)?)+$/, "");
}

/** One function can drop in several places: the address tells them apart, since a printed map has each key once. */
export const siteField = field({
  name: "site",
  type: "VARCHAR",
  meaning: "kernel function that dropped the packet",
  words: ["symbol", "number"],
  say: (at) => [symbolOf(at.arg("location")), at.arg("location")],
  read: ([site = ""]) => functionName(site),
});

/** Inode of the network namespace of the packet's device; 0 where it is on none. */
export const netnsField = field({
  name: "netns_inode",
  type: "BIGINT",
  meaning: "inode of the network namespace of that interface; null where it had none",
  say: (at) => at.read(at.read(packet.dev, "net_device.nd_net.net"), "net.ns.inum"),
  read: ([inode = "0"]) => (inode === "0" ? null : Number(inode)),
});

/** Whom a frame was sent to, in the order of the kernel's numbers (linux/if_packet.h). */
const packetTypes = ["HOST", "BROADCAST", "MULTICAST", "OTHERHOST", "OUTGOING", "LOOPBACK"];

/** Whom the frame was sent to, as the kernel found when it came in. */
export const packetTypeField = field({
  name: "packet_type",
  type: "VARCHAR",
  meaning:
    "whom the frame was sent to: HOST (also what the host sends), BROADCAST, MULTICAST, OTHERHOST (another machine's MAC address), OUTGOING (a copy), LOOPBACK (the host's own broadcast or multicast, handed back to it)",
  say: (at) => at.read(bpf`$skb`, "sk_buff.pkt_type"),
  read: ([number = ""]) => packetTypes[Number(number)] ?? null,
});

/** Flags by which a TCP segment opens or ends a connection, by their bits. */
const tcpFlags = { FIN: 0x01, SYN: 0x02, RST: 0x04, ACK: 0x10 };
const isTcp = 0x100;
const hasData = 0x200;

/** What a TCP segment was for: few values, so that a flow has few counts. */
export const tcpField = fields({
  columns: [
    {
      name: "tcp_flags",
      type: "VARCHAR",
      meaning: "of FIN, SYN, RST and ACK those that are set; null for what isn't TCP",
    },
    { name: "tcp_has_data", type: "BOOLEAN", meaning: "the TCP segment has data; null for what isn't TCP" },
  ],
  words: numbers(1),
  say: () => [
    bpf`${packet.tcpFlags} & ${isTcp + Object.values(tcpFlags).reduce((sum, bit) => sum + bit)} | ((${packet.tcpFlags} & ${isTcp}) * (${packet.payload} > 0)) << 1`,
  ],
  read: ([word = "0"]) => {
    const bits = Number(word);
    if ((bits & isTcp) === 0) return [null, null];
    const set = Object.entries(tcpFlags).filter(([, bit]) => (bits & bit) !== 0);
    return [set.map(([name]) => name).join(" "), (bits & hasData) !== 0];
  },
});

export const dropFilters = {
  ...packetFilters,
  /** One reason or several, as the host's kernel names them: `NO_SOCKET`. */
  reason: filter({
    schema: z.union([z.string(), z.array(z.string()).min(1)]),
    meaning: "one reason or several, as the host's kernel names them: `NO_SOCKET`",
    test: (names, at) => {
      const numbers = reasonNumbers(at.target, [names].flat());
      return bpf`(${joined(
        numbers.map((number) => bpf`${at.arg("reason")} == ${number}`),
        " || ",
      )})`;
    },
  }),
};

function dropTracepoint(target: Target): Tracepoint {
  return target.tracepoints.get(dropHook) as Tracepoint;
}

function hasReasons(target: Target): boolean {
  return dropTracepoint(target).fields.has("reason");
}

function lowestReason(target: Target): number {
  const known = [...dropTracepoint(target).symbols.keys()];
  return known.length === 0 ? 2 : Math.min(...known);
}

/** A reason's name as that very kernel has it; numbers of subsystems stay numbers. */
function reasonName(target: Target, reason: string): string | null {
  if (!hasReasons(target)) return null;
  const number = Number(reason);
  const known = dropTracepoint(target).symbols.get(number);
  return known ?? (number > 0xffff ? `SUBSYSTEM_${number >>> 16}_${number & 0xffff}` : `REASON_${number}`);
}

/** The numbers of reasons that a filter names. */
function reasonNumbers(target: Target, names: readonly string[]): number[] {
  const byName = new Map([...dropTracepoint(target).symbols].map(([number, name]) => [name, number]));
  return names.map((name) => {
    const number = byName.get(name.toUpperCase());
    if (number !== undefined) return number;
    throw new SkbookError({
      code: "UNKNOWN_DROP_REASON",
      tried: `filter drops on ${target.host} by the reason ${name}`,
      failed: hasReasons(target)
        ? `its kernel ${target.snapshot.kernel} has no such reason; it has ${[...byName.keys()].join(", ")}`
        : `its kernel ${target.snapshot.kernel} gives no reasons`,
      todo: hasReasons(target) ? "take one of these" : "leave the reason out and look at the site",
    });
  });
}

/** What a reader must know of reasons and sites on this very host. */
export function dropNotes(target: Target): string[] {
  const { kernel, kptr_restrict } = target.snapshot;
  return [
    ...(hasReasons(target)
      ? []
      : [
          `kernel ${kernel} gives no reasons: these are frees of packets at the sites shown, not proven drops`,
        ]),
    ...(hasReasons(target) && dropTracepoint(target).symbols.size === 0
      ? [`kernel ${kernel} doesn't name its reasons in the tracepoint's format: they are numbers here`]
      : []),
    ...(kptr_restrict === "2"
      ? [
          `${target.host} hides the symbols of its kernel: functions are addresses here, and rules that go by their names know none of them (sysctl kernel.kptr_restrict=1 shows them to root)`,
        ]
      : []),
  ];
}
