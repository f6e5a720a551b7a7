import { z } from "zod";
import { deviceName } from "../../lib/hosts/index.js";
import {
  absentNotes,
  type Bpf,
  BpfMap,
  bpf,
  type Field,
  field,
  flowField,
  type HookAt,
  type Hooks,
  joined,
  nameOf,
  numbers,
  packet,
  packetFilters,
  readDevices,
  type Target,
  unknownDevice,
  type Writing,
} from "../../lib/probes/index.js";

const receiveHook = "tracepoint:net:netif_receive_skb";
const transmitHook = "tracepoint:net:net_dev_start_xmit";
/** Tracepoints only, which every kernel has. */
export const gapHooks: Hooks = { required: [receiveHook, transmitHook] };

const { device: _, ...others } = packetFilters;
export const gapFilters = others;

const devices = z.union([deviceName.transform((one) => [one]), z.array(deviceName).min(1).max(8)]);

export const gapParameters = {
  devices: devices.describe(
    "devices to look at, one or up to 8: `vnet1`, and the one that its packets leave by",
  ),
  longerThanMs: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(100)
    .describe("a flow that has no packet for so many milliseconds is silent"),
  netns: z
    .int()
    .min(1)
    .optional()
    .describe(
      "inode of the network namespace that the devices are in; default: the one that commands run in",
    ),
};

/** By device and direction, and flow: when its last packet was seen, how many there were, and whether it has ended. */
export const flows = new BpfMap("flow", false, 24);
/** Numbers of devices, with the names that they stand for. */
const names = new BpfMap("device", false);

const [side, out, now] = [bpf`$side`, bpf`$out`, bpf`$now`];

/** Of a flow that was silent: when its last packet before was seen, and this one; how many there were before. */
export const silence = { began: bpf`$began`, ended: now, packets: bpf`$packets` };

const directions = ["in", "out"] as const;
const device = {
  name: "device",
  type: "VARCHAR",
  meaning: "network interface that the packets were seen on",
} as const;

export const directionField: Field = field({
  name: "direction",
  type: "VARCHAR",
  meaning: "in: the host received them by the device; out: it handed them to its driver",
  say: () => out,
  read: ([word = "0"]) => directions[Number(word)] ?? null,
});

/** As rows have it. */
export const deviceField: Field = field({
  ...device,
  words: numbers(2),
  say: (at) => Object.values(at.name(bpf`$dev`, "net_device.name")),
  read: ([first = "0", second = "0"]) => nameOf(first, second),
});

/** As counts have it, whose maps say the name. */
export const gapPlaces = {
  device: field({
    ...device,
    say: () => side,
    read: ([number = ""], { maps }) => {
      const keys = [...(maps?.get(names.name)?.keys() ?? [])].map((key) => key.split(","));
      const [, first, second] = keys.find(([one]) => one === number) ?? [];
      return first === undefined || second === undefined ? null : nameOf(first, second);
    },
  }),
  direction: directionField,
  flow: flowField,
} satisfies Record<string, Field>;

/**
 * The clauses that see the packets of flows, each way for itself. TCP says when a flow has ended, by FIN or RST: it isn't silent from there on, until it begins anew by SYN.
 *
 * @param actions.silent what is done where a flow had been silent.
 * @param actions.unfollowed where there is no room for another flow.
 */
export function gapClauses(
  {
    on,
    packet: parse,
    parameters,
    site,
  }: Writing<{ devices: string[]; longerThanMs: number; netns?: number | undefined }>,
  actions: { silent(at: HookAt): Bpf; unfollowed(at: HookAt): Bpf },
): Bpf[] {
  const seen = (at: HookAt, direction: 0 | 1) => {
    const words = flowField.say(at);
    const key = words.map((_, index) => bpf`$key${index}`);
    const set = joined(
      words.map((word, index) => bpf`${key[index] as Bpf} = ${word};`),
      " ",
    );
    const flow = flows.at(bpf`(${side} << 1 | ${direction})`, ...key);
    const { first, second } = at.name(bpf`$dev`, "net_device.name");
    const options =
      direction === 0
        ? { offset: 0 as const }
        : { offset: at.arg("network_offset"), etherType: at.arg("protocol") };
    return parse(
      at,
      {
        ...options,
        skb: at.arg("skbaddr"),
        first: bpf`${readDevices(site, parameters.devices, parameters.netns)}
  if (${side} == ${unknownDevice}) { return; }
  ${now} = nsecs; ${out} = ${direction};`,
      },
      bpf`${set}
  $flow = ${flow};
  $over = (${packet.tcpFlags} & 2) != 0 ? 0 : ((${packet.tcpFlags} & 5) != 0 ? 1 : $flow.2);
  if ($flow.0 == 0) {
    ${names.at(side, first, second)} = 1;
    ${flow} = (${now}, (uint64)1, (uint64)$over);
    $flow = ${flow};
    if ($flow.0 == 0) { ${actions.unfollowed(at)} }
    return;
  }
  if (${now} < $flow.0) { return; }
  ${silence.began} = $flow.0; ${silence.packets} = $flow.1; $ended = $flow.2;
  ${flow} = (${now}, (uint64)($flow.1 + 1), (uint64)$over);
  if ($ended == 0 && ${now} - ${silence.began} >= ${parameters.longerThanMs * 1_000_000}) { ${actions.silent(at)} }`,
    );
  };
  return [on(receiveHook, (at) => seen(at, 0)), on(transmitHook, (at) => seen(at, 1))];
}

/** What flows are, beside their silences. */
export const flowEndings = {
  open: "flows that were silent for so long when the measuring ended, and still are",
  flowing: "flows that were not",
  over: "flows of TCP that had said their end (FIN or RST)",
  unfollowed: "packets of flows that there was no room for",
} as const;

/** What a flow is at the end, by its words in {@link flows}. */
export function flowAtEnd(
  key: readonly string[],
  value: readonly unknown[],
  { ended, longerThanMs }: { ended: bigint | null; longerThanMs: number },
): { what: keyof typeof flowEndings; words: { readonly [field: string]: readonly string[] } } {
  const [place = "0", ...flow] = key;
  const [last = 0n, , over = 0n] = value.map((one) => BigInt(String(one)));
  const isSilent = ended !== null && ended - last >= BigInt(longerThanMs) * 1_000_000n;
  return {
    what: over === 1n ? "over" : isSilent ? "open" : "flowing",
    words: { device: [`${Number(place) >> 1}`], direction: [`${Number(place) & 1}`], flow },
  };
}

/** What a reader must know on this very host. */
export function gapNotes(
  target: Target,
  { devices, netns }: { devices: readonly string[]; netns?: number | undefined },
): string[] {
  return target.snapshot.netns === undefined
    ? [`${target.host} did not say its network namespace: devices of these names in others are seen, too`]
    : absentNotes(target, devices, netns);
}
