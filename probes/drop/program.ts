import {
  bpftrace,
  Fragment,
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
  device: "$skb->dev->name",
  ifindex: "$skb->skb_iif",
  cpu: "cpu",
  process: "comm",
  etherType: "args->protocol",
  ports: "$ports, $sport, $dport",
  ipv4: { source: "ntop(*(uint32 *)($net + 12))", destination: "ntop(*(uint32 *)($net + 16))" },
  ipv6: { source: "ntop($ip6->saddr.in6_u.u6_addr8)", destination: "ntop($ip6->daddr.in6_u.u6_addr8)" },
  protocol: "$proto",
  length: "$len",
} as const;

/** Program text for the reason's number; 0 where the kernel has none. */
export function reasonOfDrop(target: Target): string {
  return hasReasons(target) ? "args->reason" : "0";
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
  const ip = (version: 4 | 6, pointer: { source: Fragment; destination: Fragment }) =>
    joined([any, ...ipTests(filters, version, pointer)], " && ");
  const ipv4 = ip(4, { source: bpftrace`$net + 12`, destination: bpftrace`$net + 16` });
  const ipv6 = ip(6, { source: bpftrace`$net + 8`, destination: bpftrace`$net + 24` });
  const other = asksForIp(filters) ? bpftrace`0` : any;
  return bpftrace`${new Fragment(dropHook)} ${guard} {
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
    $len = *(uint16 *)($net + 4); $len = (($len >> 8) | (($len & 255) << 8)) + 40;
    if ($proto == 6 || $proto == 17 || $proto == 132) { ${readPorts} }
    if (${ipv6}) { ${actions.ipv6} }
  } else {
    if (${other}) { ${actions.other} }
  } }
}`;
}

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

function ipTests(
  filters: DropFilters,
  version: 4 | 6,
  pointer: { source: Fragment; destination: Fragment },
): Fragment[] {
  const tests: Fragment[] = [];
  for (const side of ["source", "destination"] as const) {
    const prefix = filters[side];
    if (prefix === undefined) continue;
    tests.push(ipVersion(prefix) === version ? inPrefix(pointer[side], prefix) : bpftrace`0`);
  }
  const { sourcePort, destinationPort, protocol } = filters;
  if (sourcePort !== undefined) tests.push(bpftrace`$ports == 1 && $sport == ${integer(sourcePort)}`);
  if (destinationPort !== undefined)
    tests.push(bpftrace`$ports == 1 && $dport == ${integer(destinationPort)}`);
  if (protocol !== undefined) tests.push(bpftrace`$proto == ${integer(protocolNumber(protocol))}`);
  return tests;
}

function asksForIp({ source, destination, sourcePort, destinationPort, protocol }: DropFilters): boolean {
  return [source, destination, sourcePort, destinationPort, protocol].some((filter) => filter !== undefined);
}
