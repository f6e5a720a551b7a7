import {
  type AddressWords,
  type Bpf,
  bpf,
  type HookAt,
  type Hooks,
  inPrefix,
  ipVersion,
  joined,
  neitherSide,
  packet,
  readSide,
  type Writing,
} from "../../lib/probes/index.js";
import type { PathFilter } from "./parameters.js";

/** A packet comes in: before the host does anything with it. */
export const receiveHook = "tracepoint:net:netif_receive_skb";
/** A packet is handed to a device's driver, behind all queues; later it may be freed, and nothing of it be read. */
export const transmitHook = "tracepoint:net:net_dev_start_xmit";
export const pathHooks: Hooks = { required: [receiveHook, transmitHook] };

/**
 * Where a packet is seen, in the order of an exchange; those of TCP and UDP are two ways of two sightings each.
 *
 *     from: 0 -> to: 1,  then back  to: 2 -> from: 3
 */
export const sightings = ["in", "out", "back in", "back out"] as const;

/**
 * The clauses that see a packet at either side, and act on those that fit: `$way` is 1 on the way there, 2 back, `$now` when. Addresses, ports and, of
 * ICMP, the type have to fit the way that it goes.
 */
export function pathClauses(
  { on, anyPacket, parameters, site }: Writing<PathFilter>,
  actions: { received(at: HookAt): Bpf; sent(at: HookAt): Bpf },
): Bpf[] {
  const clause = (
    hook: string,
    way: Bpf,
    offset: (at: HookAt) => Bpf | 0,
    body: (at: HookAt) => Bpf,
    etherType?: (at: HookAt) => Bpf,
  ) =>
    on(hook, (at) => {
      const first = bpf`${readSide(site, parameters)}
  if ($side == ${neitherSide}) { return; }
  $way = ${way}; $now = nsecs;`;
      const versions = [ipVersion(parameters.src)];
      const options = {
        skb: at.arg("skbaddr"),
        first,
        offset: offset(at),
        versions,
        tests: pathTests(parameters),
      };
      const type = etherType === undefined ? {} : { etherType: etherType(at) };
      return anyPacket(at, { ...options, ...type }, body(at));
    });
  return [
    clause(receiveHook, bpf`$side`, () => 0, actions.received),
    clause(
      transmitHook,
      bpf`3 - $side`,
      (at) => at.arg("network_offset"),
      actions.sent,
      (at) => at.arg("protocol"),
    ),
  ];
}

const protocols = { ICMP: { 4: 1, 6: 58 }, TCP: { 4: 6, 6: 6 }, UDP: { 4: 17, 6: 17 } };

/** What has to hold of a packet, whichever way it goes. */
function pathTests({ protocol, src, dst, srcPort, dstPort }: PathFilter): Bpf[] {
  const version = ipVersion(src);
  const way = (one: AddressWords, other: AddressWords) =>
    bpf`${inPrefix(one, src)} && ${inPrefix(other, dst)}`;
  const ports = (one: Bpf, other: Bpf) =>
    joined(
      [
        bpf`${packet.ports} == 1`,
        ...(srcPort === undefined ? [] : [bpf`${one} == ${srcPort}`]),
        ...(dstPort === undefined ? [] : [bpf`${other} == ${dstPort}`]),
      ],
      " && ",
    );
  const either = (there: Bpf, back: Bpf) => bpf`(($way == 1 && ${there}) || ($way == 2 && ${back}))`;
  const [request, reply] = version === 4 ? [8, 0] : [128, 129];
  const type = bpf`(${packet.icmp} & 0xff)`;
  const isEcho = either(bpf`${type} == ${request}`, bpf`${type} == ${reply}`);
  return [
    bpf`${packet.protocol} == ${protocols[protocol][version]}`,
    either(way(packet.src, packet.dst), way(packet.dst, packet.src)),
    ...(srcPort === undefined && dstPort === undefined
      ? []
      : [
          bpf`(${isLater} || ${either(ports(packet.srcPort, packet.dstPort), ports(packet.dstPort, packet.srcPort))})`,
        ]),
    ...(protocol === "ICMP" ? [bpf`(${isLater} || ${isEcho})`] : []),
  ];
}

/** A fragment behind the first: its ports and what follows are unknown. */
export const isLater = bpf`(${packet.fragment} & 0x1fff) != 0`;
