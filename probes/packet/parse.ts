import type { Endpoint, OwnConnection } from "../../lib/hosts/index.js";
import {
  bpftrace,
  type Fragment,
  inPrefix,
  integer,
  ipVersion,
  joined,
  plainName,
} from "../../lib/probes/index.js";
import type { PacketFilters } from "./filters.js";
import { protocolNumber } from "./protocols.js";

/** What a program does with a packet that its filters let through, by what the packet is. */
export interface PacketActions {
  ipv4: Fragment;
  ipv6: Fragment;
  other: Fragment;
}

/** How a packet's EtherType stands in a program, in the order of the machine: a variable that is set, or an argument. */
export const etherTypeOfSkb = bpftrace`$type`;
const setEtherType = bpftrace`$type = 0; $type = $skb->protocol; $type = ($type >> 8) | (($type & 255) << 8);`;

/**
 * Statements that parse the IP header and the ports of the packet `$skb`, filter, and act. Read the headers where the kernel last saw them:
 * `head + network_header`. They set `$net` and `$l4` (pointers), `$proto`, `$len` (bytes of the IP packet by its own header), `$part` (0
 * in what is no later fragment), `$ports` (1 where there are any), `$sport`, `$dport`: each where a filter or an action names it, since every
 * read costs the host a call.
 *
 * @param etherType program text for the EtherType; default the packet's own.
 * @param tests what has to hold, too.
 * @param except a connection whose packets are left out, in both directions.
 */
export function parsePacket(
  filters: PacketFilters,
  actions: PacketActions,
  {
    etherType,
    tests = [],
    except = null,
  }: { etherType?: Fragment; tests?: readonly Fragment[]; except?: OwnConnection | null } = {},
): Fragment {
  const device =
    filters.device === undefined ? [] : [bpftrace`$skb->dev->name == ${plainName(filters.device)}`];
  const any = joined([bpftrace`1`, ...device, ...tests], " && ");
  const act = (version: 4 | 6, pointers: Pointers, action: Fragment) =>
    bpftrace`if (${joined([any, ...ipTests(filters, version, pointers), ...exceptTests(except, version, pointers)], " && ")}) { ${action} }`;
  const ipv4 = act(4, { src: bpftrace`$net + 12`, dst: bpftrace`$net + 16` }, actions.ipv4);
  const ipv6 = act(6, { src: bpftrace`$net + 8`, dst: bpftrace`$net + 24` }, actions.ipv6);
  const other = bpftrace`if (${asksForIp(filters) ? bpftrace`0` : any}) { ${actions.other} }`;
  if (ipv4.text === other.text && ipv6.text === other.text && !/\$(net|type)\b/.test(other.text))
    return other;
  const type = etherType ?? etherTypeOfSkb;
  return bpftrace`$net = $skb->head + $skb->network_header; ${etherType === undefined ? setEtherType : bpftrace``}
  $ports = 0; $sport = 0; $dport = 0; $proto = 0; $len = 0; $part = 0;
  if (${type} == 0x0800) {
    ${readIpv4(namedIn(ipv4))}
    ${ipv4}
  } else { if (${type} == 0x86dd) {
    ${readIpv6(namedIn(ipv6))}
    ${ipv6}
  } else {
    ${other}
  } }`;
}

/** What is named of what {@link parsePacket} sets. */
interface Named {
  /** Any of them: they need protocol, fragment and place of the transport header, too. */
  ports: boolean;
  proto: boolean;
  part: boolean;
  l4: boolean;
  len: boolean;
}

function namedIn({ text }: Fragment): Named {
  const names = (pattern: RegExp) => pattern.test(text);
  const ports = names(/\$(ports|sport|dport)\b/);
  return {
    ports,
    proto: ports || names(/\$proto\b/),
    part: ports || names(/\$part\b/),
    l4: ports || names(/\$l4\b/),
    len: names(/\$len\b/),
  };
}

function readIpv4({ ports, proto, part, l4, len }: Named): Fragment {
  return statements(
    l4 && bpftrace`$l4 = $net + (*(uint8 *)$net & 15) * 4;`,
    proto && bpftrace`$proto = *(uint8 *)($net + 9);`,
    len && bpftrace`$len = *(uint16 *)($net + 2); $len = ($len >> 8) | (($len & 255) << 8);`,
    part && bpftrace`$part = *(uint16 *)($net + 6) & 0xff1f;`,
    ports && readPorts,
  );
}

function readIpv6({ ports, proto, part, l4, len }: Named): Fragment {
  return statements(
    (proto || part || l4) &&
      bpftrace`$l4 = $net + 40;
    $proto = *(uint8 *)($net + 6);
    ${skipExtensions}`,
    len && bpftrace`$len = *(uint16 *)($net + 4); $len = (($len >> 8) | (($len & 255) << 8)) + 40;`,
    ports && readPorts,
  );
}

function statements(...all: (Fragment | false)[]): Fragment {
  return joined(
    all.filter((one) => one !== false),
    "\n",
  );
}

/** IPv6 extension headers between the header and what it carries (RFC 8200): hop-by-hop, routing, destination options, fragment. */
const skipExtensions = bpftrace`unroll(4) {
      if ($proto == 0 || $proto == 43 || $proto == 60) {
        $proto = *(uint8 *)$l4; $l4 += (*(uint8 *)($l4 + 1) + 1) * 8;
      } else { if ($proto == 44 && $part == 0) {
        $proto = *(uint8 *)$l4; $part = *(uint16 *)($l4 + 2) & 0xf8ff; $l4 = $l4 + 8;
      } }
    }`;

/** Ports stand in network order; an x86 or arm64 machine reads them swapped. */
const readPorts = bpftrace`if ($part == 0 && ($proto == 6 || $proto == 17 || $proto == 132)) { $ports = 1;
      $sport = *(uint16 *)$l4; $sport = ($sport >> 8) | (($sport & 255) << 8);
      $dport = *(uint16 *)($l4 + 2); $dport = ($dport >> 8) | (($dport & 255) << 8); }`;

/** Where the addresses of a packet stand. */
export interface Pointers {
  src: Fragment;
  dst: Fragment;
}

/** What has to hold of the addresses of a packet of that version, as filters have it. */
export function addressTests(
  { src, dst, ip }: Pick<PacketFilters, "src" | "dst" | "ip">,
  version: 4 | 6,
  pointers: Pointers,
): Fragment[] {
  const inside = (pointer: Fragment, prefix: string) =>
    ipVersion(prefix) === version ? inPrefix(pointer, prefix) : bpftrace`0`;
  const tests: Fragment[] = [];
  if (src !== undefined) tests.push(inside(pointers.src, src));
  if (dst !== undefined) tests.push(inside(pointers.dst, dst));
  if (ip !== undefined) tests.push(bpftrace`(${inside(pointers.src, ip)} || ${inside(pointers.dst, ip)})`);
  return tests;
}

function ipTests(filters: PacketFilters, version: 4 | 6, pointers: Pointers): Fragment[] {
  const { srcPort, dstPort, port, protocol } = filters;
  const tests = addressTests(filters, version, pointers);
  if (srcPort !== undefined) tests.push(bpftrace`($ports == 1 && $sport == ${integer(srcPort)})`);
  if (dstPort !== undefined) tests.push(bpftrace`($ports == 1 && $dport == ${integer(dstPort)})`);
  if (port !== undefined) {
    tests.push(bpftrace`($ports == 1 && ($sport == ${integer(port)} || $dport == ${integer(port)}))`);
  }
  if (protocol !== undefined) tests.push(bpftrace`$proto == ${integer(protocolNumber(protocol))}`);
  return tests;
}

function exceptTests(except: OwnConnection | null, version: 4 | 6, { src, dst }: Pointers): Fragment[] {
  if (except === null || ipVersion(except.server.address) !== version) return [];
  const goes = (from: Endpoint, to: Endpoint) =>
    bpftrace`($sport == ${integer(from.port)} && $dport == ${integer(to.port)} && ${inPrefix(src, from.address)} && ${inPrefix(dst, to.address)})`;
  const { client, server } = except;
  return [bpftrace`!($ports == 1 && $proto == 6 && (${goes(client, server)} || ${goes(server, client)}))`];
}

/** No packet without an IP header can match then. */
function asksForIp({ src, dst, ip, srcPort, dstPort, port, protocol }: PacketFilters): boolean {
  return [src, dst, ip, srcPort, dstPort, port, protocol].some((filter) => filter !== undefined);
}
