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
import type { PathFilter } from "./parameters.js";

/** A packet comes in: before the host does anything with it. */
export const receiveHook = "tracepoint:net:netif_receive_skb";
/** A packet is handed to a device's driver, behind all queues; later it may be freed, and nothing of it be read. */
export const transmitHook = "tracepoint:net:net_dev_start_xmit";

/**
 * Where a packet is seen, in the order of an exchange; those of TCP and UDP are two ways of two sightings each.
 *
 *     from: 0 -> to: 1,  then back  to: 2 -> from: 3
 */
export const sightings = ["in", "out", "back in", "back out"] as const;

/** What program text may name where an action stands. */
export const packet = {
  now: "$now",
  /** Index in {@link sightings}. */
  stage: "$stage",
  /** 1 on the way there, 2 on the way back. */
  way: "$way",
  /** Of IPv4, the packet's; of IPv6, the fragment header's. */
  id: "$id",
  /** Offset in units of 8 bytes (RFC 791) and, in bit 13, that more fragments follow. */
  part: "$part",
  ports: "$ports",
  /** Sequence number of TCP, identifier and sequence number of an echo, length of UDP. */
  word: "$word",
  /** Acknowledgement number of TCP. */
  ack: "$ack",
  /** Behind the headers of IP and transport, in bytes. */
  payload: "$length",
  device: "$skb->dev->name",
} as const;

/**
 * Program text for the addresses as they are on the way there, whichever way a packet goes, so that a reply has those of its request: one
 * word with IPv4, four with IPv6.
 */
export function addressesOf({ src }: PathFilter): string {
  return ipVersion(src) === 4 ? "$k0" : "$k0, $k1, $k2, $k3";
}

/** Program text that is true for a fragment behind the first, of which ports and what follows are unknown: they are 0. */
export const isLaterFragment = bpftrace`($part & 0x1fff) != 0`;

/** Program text that is true for what the kernel put together of several segments, or cuts later (GRO, TSO). */
export const isMerged = bpftrace`((struct skb_shared_info *)($skb->head + $skb->end))->gso_size > 0`;

/** What a program does with a packet, at the first hook of its way and at the last. */
export interface PathActions {
  received: Fragment;
  sent: Fragment;
}

/**
 * The clauses that see a packet at either side, read its headers, and act on those that the filters let through. Addresses, ports and, of
 * ICMP, the type have to fit the way that it goes.
 */
export function pathClauses(filter: PathFilter, target: Target, actions: PathActions): Fragment {
  return joined(
    [
      clause(filter, target, receiveHook, received, actions.received),
      clause(filter, target, transmitHook, sent, actions.sent),
    ],
    "\n",
  );
}

/** A received frame begins behind its link header; the tag of a VLAN may still be there, since it is untagged later. */
const received = {
  stage: bpftrace`($way - 1) * 2`,
  network: bpftrace`$skb->data + ($skb->protocol == 0x0081 ? 4 : 0)`,
};
const sent = {
  stage: bpftrace`$way == 1 ? 1 : 3`,
  network: bpftrace`$skb->head + $skb->network_header`,
};

function clause(
  filter: PathFilter,
  target: Target,
  hook: string,
  at: typeof received,
  action: Fragment,
): Fragment {
  const [near, far] = hook === receiveHook ? [filter.from, filter.to] : [filter.to, filter.from];
  const netns = filter.netns ?? ownNetns(target);
  const inNamespace =
    netns === undefined ? bpftrace`1` : bpftrace`$skb->dev->nd_net.net->ns.inum == ${integer(netns)}`;
  const headers = ipVersion(filter.src) === 4 ? readIpv4 : readIpv6;
  return bpftrace`${attachTo(target, hook)} {
  $skb = (struct sk_buff *)args->skbaddr;
  $way = 0;
  if (${isOn(near)}) { $way = 1; } else { if (${isOn(far)}) { $way = 2; } }
  if ($way > 0 && ${inNamespace}) {
    $now = nsecs;
    $stage = (uint64)(${at.stage});
    $net = ${at.network};
    ${headers(filter, action)}
  }
}`;
}

/** Inode of the namespace that commands on the host run in; undefined for a host recorded before it was asked for. */
function ownNetns(target: Target): number | undefined {
  const inode = Number(target.snapshot.netns);
  return Number.isInteger(inode) && inode > 0 ? inode : undefined;
}

function isOn(devices: readonly string[]): Fragment {
  return joined(
    devices.map((device) => bpftrace`$skb->dev->name == ${plainName(device)}`),
    " || ",
  );
}

const protocols = { ICMP: { 4: 1, 6: 58 }, TCP: { 4: 6, 6: 6 }, UDP: { 4: 17, 6: 17 } };

function readIpv4(filter: PathFilter, action: Fragment): Fragment {
  return bpftrace`if ((*(uint8 *)$net >> 4) == 4 && *(uint8 *)($net + 9) == ${integer(protocols[filter.protocol][4])}) {
      $a = $net + ($way == 1 ? 12 : 16);
      $b = $net + ($way == 1 ? 16 : 12);
      if (${inPrefix(bpftrace`$a`, filter.src)} && ${inPrefix(bpftrace`$b`, filter.dst)}) {
        $k0 = (uint64)*(uint32 *)$a << 32 | (uint64)*(uint32 *)$b;
        $id = (uint64)${swapped(bpftrace`*(uint16 *)($net + 4)`)};
        $part = (uint64)${swapped(bpftrace`*(uint16 *)($net + 6)`)} & 0x3fff;
        $length = (uint64)${swapped(bpftrace`*(uint16 *)($net + 2)`)} - (*(uint8 *)$net & 15) * 4;
        $l4 = $net + (*(uint8 *)$net & 15) * 4;
        ${readTransport(filter, action)}
      }
    }`;
}

/** Extension headers stand between the header and what it carries (RFC 8200): hop-by-hop, routing, destination options, fragment. */
function readIpv6(filter: PathFilter, action: Fragment): Fragment {
  return bpftrace`if ((*(uint8 *)$net >> 4) == 6) {
      $a = $net + ($way == 1 ? 8 : 24);
      $b = $net + ($way == 1 ? 24 : 8);
      if (${inPrefix(bpftrace`$a`, filter.src)} && ${inPrefix(bpftrace`$b`, filter.dst)}) {
        $id = (uint64)0; $part = (uint64)0;
        $length = (uint64)${swapped(bpftrace`*(uint16 *)($net + 4)`)};
        $next = (uint64)*(uint8 *)($net + 6);
        $l4 = $net + 40;
        unroll(3) {
          if ($next == 0 || $next == 43 || $next == 60) {
            $next = (uint64)*(uint8 *)$l4; $step = (*(uint8 *)($l4 + 1) + 1) * 8;
            $l4 += $step; $length -= $step;
          } else { if ($next == 44 && ($part & 0x3fff) == 0) {
            $next = (uint64)*(uint8 *)$l4;
            $word = (uint64)${swapped(bpftrace`*(uint16 *)($l4 + 2)`)};
            $part = ($word >> 3) | (($word & 1) << 13);
            $id = (uint64)${swapped4(bpftrace`*(uint32 *)($l4 + 4)`)};
            $l4 += 8; $length -= 8;
          } }
        }
        if ($next == ${integer(protocols[filter.protocol][6])}) {
          $k0 = *(uint64 *)$a; $k1 = *(uint64 *)($a + 8); $k2 = *(uint64 *)$b; $k3 = *(uint64 *)($b + 8);
          ${readTransport(filter, action)}
        }
      }
    }`;
}

function readTransport(filter: PathFilter, action: Fragment): Fragment {
  const read = { ICMP: readEcho, TCP: readTcp, UDP: readUdp }[filter.protocol];
  return bpftrace`$ok = 1; $ports = (uint64)0; $word = (uint64)0; $ack = (uint64)0;
        if (($part & 0x1fff) == 0) { ${read(filter)} }
        if ($ok == 1) { ${action} }`;
}

/** An echo is known by its identifier and sequence number (RFC 792, RFC 4443). */
function readEcho(filter: PathFilter): Fragment {
  const [request, reply] = ipVersion(filter.src) === 4 ? [8, 0] : [128, 129];
  return bpftrace`$type = *(uint8 *)$l4;
          if (($way == 1 && $type != ${integer(request as number)}) || ($way == 2 && $type != ${integer(reply as number)})) { $ok = 0; }
          $word = (uint64)${swapped(bpftrace`*(uint16 *)($l4 + 4)`)} << 16 | (uint64)${swapped(bpftrace`*(uint16 *)($l4 + 6)`)};
          $length -= 8;`;
}

function readTcp(filter: PathFilter): Fragment {
  return bpftrace`${readPorts(filter)}
          $word = (uint64)${swapped4(bpftrace`*(uint32 *)($l4 + 4)`)};
          $ack = (uint64)${swapped4(bpftrace`*(uint32 *)($l4 + 8)`)};
          $length -= (*(uint8 *)($l4 + 12) >> 4) * 4;`;
}

function readUdp(filter: PathFilter): Fragment {
  return bpftrace`${readPorts(filter)}
          $word = (uint64)${swapped(bpftrace`*(uint16 *)($l4 + 4)`)};
          $length -= 8;`;
}

/** Both ports in one number, the one of the source on the way there first. */
function readPorts({ srcPort, dstPort }: PathFilter): Fragment {
  const tests = [
    ...(srcPort === undefined ? [] : [bpftrace`($ports >> 16) != ${integer(srcPort)}`]),
    ...(dstPort === undefined ? [] : [bpftrace`($ports & 0xffff) != ${integer(dstPort)}`]),
  ];
  return bpftrace`$one = (uint64)${swapped(bpftrace`*(uint16 *)$l4`)};
          $other = (uint64)${swapped(bpftrace`*(uint16 *)($l4 + 2)`)};
          $ports = $way == 1 ? ($one << 16 | $other) : ($other << 16 | $one);
          ${tests.length === 0 ? bpftrace`` : bpftrace`if (${joined(tests, " || ")}) { $ok = 0; }`}`;
}

/** 16 bits in network order, as a little-endian machine reads them, turned round. */
function swapped(value: Fragment): Fragment {
  return bpftrace`((${value} >> 8) | ((${value} & 0xff) << 8))`;
}

function swapped4(value: Fragment): Fragment {
  return bpftrace`((${value} >> 24) | ((${value} >> 8) & 0xff00) | ((${value} & 0xff00) << 8) | ((${value} & 0xff) << 24))`;
}
