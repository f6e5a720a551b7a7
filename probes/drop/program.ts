import {
  attachTo,
  bpftrace,
  type Fragment,
  inPrefix,
  integer,
  ipVersion,
  joined,
  plainName,
  type Target,
} from "../../lib/probes/index.js";
import type { DropFilters } from "./filters.js";
import { dropHook, hasReasons, lowestReason, reasonNumbers } from "./hook.js";
import { protocolNumber } from "./protocols.js";

/** What a program does with a drop that its filters let through, by what the packet is. */
export interface DropActions {
  ipv4: Fragment;
  ipv6: Fragment;
  other: Fragment;
}

/** Program text for the fields of a drop; ports are 0 and flagged by `$ports` where the packet has none. */
export const drop = {
  time: "nsecs",
  site: "ksym(args->location)",
  address: "args->location",
  device: "$skb->dev->name",
  ifindex: "$skb->skb_iif",
  cpu: "cpu",
  process: "comm",
  etherType: "args->protocol",
  ports: "$ports, $sport, $dport",
  ipv4: { src: "ntop(*(uint32 *)($net + 12))", dst: "ntop(*(uint32 *)($net + 16))" },
  ipv6: { src: "ntop($ip6->saddr.in6_u.u6_addr8)", dst: "ntop($ip6->daddr.in6_u.u6_addr8)" },
  protocol: "$proto",
  length: "$len",
} as const;

/** Program text for the reason's number; 0 where the kernel has none. Cast, since newer bpftrace prints an enum by name. */
export function reasonOfDrop(target: Target): string {
  return hasReasons(target) ? "(uint64)args->reason" : "0";
}

/**
 * One clause on skb:kfree_skb that parses the IP header and the ports, filters, and acts. Reads the headers where the kernel
 * last saw them: `head + network_header`.
 */
export function dropClause(filters: DropFilters, target: Target, actions: DropActions): Fragment {
  const guard = hasReasons(target)
    ? bpftrace`/ args->reason >= ${integer(lowestReason(target))} /`
    : bpftrace``;
  const any = joined([bpftrace`1`, ...packetTests(filters, target)], " && ");
  const ip = (version: 4 | 6, pointer: Pointers) =>
    joined([any, ...ipTests(filters, version, pointer)], " && ");
  const ipv4 = ip(4, { src: bpftrace`$net + 12`, dst: bpftrace`$net + 16` });
  const ipv6 = ip(6, { src: bpftrace`$net + 8`, dst: bpftrace`$net + 24` });
  const other = asksForIp(filters) ? bpftrace`0` : any;
  return bpftrace`${attachTo(target, dropHook)} ${guard} {
  $skb = (struct sk_buff *)args->skbaddr;
  $net = $skb->head + $skb->network_header;
  $ports = 0; $sport = 0; $dport = 0; $proto = 0; $len = 0;
  if (args->protocol == 0x0800) {
    $l4 = $net + (*(uint8 *)$net & 15) * 4;
    $proto = *(uint8 *)($net + 9);
    $len = *(uint16 *)($net + 2); $len = ($len >> 8) | (($len & 255) << 8);
    if ((*(uint16 *)($net + 6) & 0xff1f) == 0 && ($proto == 6 || $proto == 17 || $proto == 132)) { ${readPorts} }
    if (${ipv4}) { ${actions.ipv4} }
  } else { if (args->protocol == 0x86dd) {
    $ip6 = (struct ipv6hdr *)$net;
    $l4 = $net + 40;
    $proto = *(uint8 *)($net + 6);
    ${skipExtensions}
    $len = *(uint16 *)($net + 4); $len = (($len >> 8) | (($len & 255) << 8)) + 40;
    if ($part == 0 && ($proto == 6 || $proto == 17 || $proto == 132)) { ${readPorts} }
    if (${ipv6}) { ${actions.ipv6} }
  } else {
    if (${other}) { ${actions.other} }
  } }
}`;
}

/** IPv6 extension headers between the header and what it carries (RFC 8200): hop-by-hop, routing, destination options, fragment. */
const skipExtensions = bpftrace`$part = 0;
    unroll(4) {
      if ($proto == 0 || $proto == 43 || $proto == 60) {
        $proto = *(uint8 *)$l4; $l4 += (*(uint8 *)($l4 + 1) + 1) * 8;
      } else { if ($proto == 44 && $part == 0) {
        $proto = *(uint8 *)$l4; $part = *(uint16 *)($l4 + 2) & 0xf8ff; $l4 = $l4 + 8;
      } }
    }`;

/** Ports stand in network order; an x86 or arm64 machine reads them swapped. */
const readPorts = bpftrace`$ports = 1;
      $sport = *(uint16 *)$l4; $sport = ($sport >> 8) | (($sport & 255) << 8);
      $dport = *(uint16 *)($l4 + 2); $dport = ($dport >> 8) | (($dport & 255) << 8);`;

function packetTests({ device, reason }: DropFilters, target: Target): Fragment[] {
  const tests: Fragment[] = [];
  if (device !== undefined) tests.push(bpftrace`$skb->dev->name == ${plainName(device)}`);
  if (reason !== undefined) {
    const numbers = reasonNumbers(target, [reason].flat());
    const matches = numbers.map((number) => bpftrace`args->reason == ${integer(number)}`);
    tests.push(bpftrace`(${joined(matches, " || ")})`);
  }
  return tests;
}

/** Where the addresses of a packet stand. */
interface Pointers {
  src: Fragment;
  dst: Fragment;
}

function ipTests(filters: DropFilters, version: 4 | 6, pointers: Pointers): Fragment[] {
  const inside = (pointer: Fragment, prefix: string) =>
    ipVersion(prefix) === version ? inPrefix(pointer, prefix) : bpftrace`0`;
  const { src, dst, ip, srcPort, dstPort, port, protocol } = filters;
  const tests: Fragment[] = [];
  if (src !== undefined) tests.push(inside(pointers.src, src));
  if (dst !== undefined) tests.push(inside(pointers.dst, dst));
  if (ip !== undefined) tests.push(bpftrace`(${inside(pointers.src, ip)} || ${inside(pointers.dst, ip)})`);
  if (srcPort !== undefined) tests.push(bpftrace`($ports == 1 && $sport == ${integer(srcPort)})`);
  if (dstPort !== undefined) tests.push(bpftrace`($ports == 1 && $dport == ${integer(dstPort)})`);
  if (port !== undefined) {
    tests.push(bpftrace`($ports == 1 && ($sport == ${integer(port)} || $dport == ${integer(port)}))`);
  }
  if (protocol !== undefined) tests.push(bpftrace`$proto == ${integer(protocolNumber(protocol))}`);
  return tests;
}

/** No packet without an IP header can match then. */
function asksForIp({ src, dst, ip, srcPort, dstPort, port, protocol }: DropFilters): boolean {
  return [src, dst, ip, srcPort, dstPort, port, protocol].some((filter) => filter !== undefined);
}
