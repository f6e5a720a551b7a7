import { readAt } from "../site.js";
import { type Bpf, bpf, joined, type Need } from "../text/bpf.js";
import { swapped16, swapped32 } from "../text/numbers.js";
import { transportOf } from "./transport.js";
import { needs } from "./values.js";
import type { Wanted } from "./wanted.js";

const given = (condition: boolean, text: Bpf): Bpf[] => (condition ? [text] : []);

/** Statements that set all that is wanted to 0: later bpftrace knows a variable only in the block where it was set. */
export function resetNetwork(wanted: Wanted): Bpf {
  return joined(
    [
      ...given(wanted.protocol, bpf`$proto = 0;`),
      ...given(wanted.src, bpf`$srch = 0; $srcl = 0;`),
      ...given(wanted.dst, bpf`$dsth = 0; $dstl = 0;`),
      ...given(wanted.ports, bpf`$ports = 0; $sport = 0; $dport = 0;`),
      ...given(wanted.length || wanted.payload, bpf`$len = 0;`),
      ...given(wanted.fragment, bpf`$part = 0;`),
      ...given(wanted.id, bpf`$id = 0;`),
      ...given(wanted.ttl, bpf`$ttl = 0;`),
      ...given(wanted.tos, bpf`$tos = 0;`),
      ...given(wanted.transport, bpf`$l4 = 0;`),
      ...given(wanted.tcp, bpf`$seq = 0; $ack = 0;`),
      ...given(wanted.tcpFlags, bpf`$flags = 0;`),
      ...given(wanted.icmp, bpf`$icmp = 0;`),
      ...given(wanted.payload, bpf`$payload = 0;`),
      ...given(wanted.arp, bpf`$arp = 0;`),
    ],
    " ",
  );
}

/** Statements of one read, and what is known behind them. */
export interface Step {
  provides: readonly Need[];
  text: Bpf;
}

/** Reads an IPv4 header at `$net` and what stands behind it: words of 64 bits, since every read is a call, and the addresses first. */
export function readIpv4(wanted: Wanted): Step[] {
  const { protocol, src, dst, length, fragment, id, ttl, tos, transport, payload } = wanted;
  return [
    ...step(
      protocol || src || ttl,
      [needs.src, needs.ttl, needs.protocol],
      [
        bpf`$w = ${readAt(bpf`$net + 8`, 8)};`,
        ...given(ttl, bpf`$ttl = $w & 0xff;`),
        ...given(protocol, bpf`$proto = $w >> 8 & 0xff;`),
        ...given(src, bpf`$srcl = $w >> 32;`),
      ],
    ),
    // The ports stand behind the destination where there are no options.
    ...step(dst, [needs.dst], [bpf`$w2 = ${readAt(bpf`$net + 16`, 8)}; $dstl = $w2 & 0xffffffff;`]),
    ...step(
      length || fragment || id || tos || transport || payload,
      [needs.length, needs.fragment, needs.id, needs.tos, needs.transport],
      [
        bpf`$w = ${readAt(bpf`$net`, 8)};`,
        ...given(tos, bpf`$tos = $w >> 8 & 0xff;`),
        ...given(length || payload, bpf`$len = ${swapped16(bpf`($w >> 16)`)};`),
        ...given(id, bpf`$id = ${swapped16(bpf`($w >> 32)`)};`),
        ...given(fragment, bpf`$part = ${swapped16(bpf`($w >> 48)`)} & 0x3fff;`),
        ...given(transport, bpf`$l4 = $net + ($w & 15) * 4;`),
      ],
    ),
    ...readTransport(
      wanted,
      dst ? bpf`$w = $w2 >> 32; if ($l4 != $net + 20) { $w = ${readAt(bpf`$l4`, 4)}; }` : undefined,
    ),
  ];
}

/** The same of IPv6, with its extension headers (RFC 8200): hop-by-hop, routing, destination options, fragment. */
export function readIpv6(wanted: Wanted): Step[] {
  const { protocol, src, dst, length, fragment, id, ttl, tos, transport, payload } = wanted;
  const walks = protocol || fragment || id || transport;
  return [
    ...step(
      src,
      [needs.src],
      [bpf`$srch = ${readAt(bpf`$net + 8`, 8)}; $srcl = ${readAt(bpf`$net + 16`, 8)};`],
    ),
    ...step(
      dst,
      [needs.dst],
      [bpf`$dsth = ${readAt(bpf`$net + 24`, 8)}; $dstl = ${readAt(bpf`$net + 32`, 8)};`],
    ),
    ...step(
      walks || length || payload || ttl || tos,
      [needs.length, needs.ttl, needs.tos],
      [
        bpf`$w = ${readAt(bpf`$net`, 8)};`,
        ...given(tos, bpf`$tos = ($w & 15) << 4 | ($w >> 12 & 15);`),
        ...given(length || payload, bpf`$len = ${swapped16(bpf`($w >> 32)`)} + 40;`),
        ...given(ttl, bpf`$ttl = $w >> 56;`),
      ],
    ),
    ...step(walks, [needs.protocol, needs.fragment, needs.id, needs.transport], [skipExtensions(wanted)]),
    ...readTransport(wanted),
  ];
}

/** ARP of Ethernet and IPv4 (RFC 826): its operation, with its sender and target as addresses. */
export function readArp({ src, dst }: Wanted): Bpf {
  return joined(
    [
      bpf`$w = ${readAt(bpf`$net + 6`, 2)}; $arp = ${swapped16(bpf`$w`)} | 0x10000;`,
      ...given(src, bpf`$srcl = ${readAt(bpf`$net + 14`, 4)};`),
      ...given(dst, bpf`$dstl = ${readAt(bpf`$net + 24`, 4)};`),
    ],
    " ",
  );
}

function step(there: boolean, provides: readonly Need[], texts: readonly Bpf[]): Step[] {
  return there ? [{ provides, text: joined(texts, "\n    ") }] : [];
}

function readTransport(wanted: Wanted, readPorts?: Bpf): Step[] {
  const provides = [needs.ports, needs.tcp, needs.tcpFlags, needs.icmp, needs.payload];
  const { ports, tcp, tcpFlags, icmp, payload } = wanted;
  return step(ports || tcp || tcpFlags || icmp || payload, provides, [transportOf(wanted, readPorts)]);
}

/** What stands behind the header of a later fragment is the middle of something, whatever header that began with. */
function skipExtensions({ fragment, id }: Wanted): Bpf {
  return bpf`$proto = $w >> 48 & 0xff; $l4 = $net + 40; $part6 = 0;
    unroll(4) {
      if ($part6 < 2 && ($proto == 0 || $proto == 43 || $proto == 60)) {
        $w = ${readAt(bpf`$l4`, 2)}; $proto = $w & 0xff; $l4 = $l4 + (($w >> 8) + 1) * 8;
      } else { if ($proto == 44 && $part6 == 0) {
        $w = ${readAt(bpf`$l4`, 8)}; $proto = $w & 0xff; $l4 = $l4 + 8;
        $part6 = 1; if (($w >> 16 & 0xf8ff) != 0) { $part6 = 2; }
        ${fragment ? bpf`$f = ${swapped16(bpf`($w >> 16)`)}; $part = $f >> 3 | ($f & 1) << 13;` : bpf``}
        ${id ? bpf`$id = ${swapped32(bpf`($w >> 32)`)};` : bpf``}
      } }
    }`;
}
