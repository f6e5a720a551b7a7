import { packet } from "../../packet/values.js";
import { readAt, type Site } from "../../site.js";
import { type Bpf, bpf } from "../../text/bpf.js";
import { constant } from "../../text/numbers.js";

// Which packet a piece of memory holds, in three words that stay the same on its way through a host:
// `$a` addresses: of IPv4 both, of IPv6 a number made of them;
// `$b` from bit 0: IPv4 identification, fragment offset and flags (16 bits each), or 16 bits of IPv6's flow label; from bit 40: protocol; from bit 48: bytes of the IP header;
//      bit 56: IPv6;
// `$c` the first 8 bytes behind the IP header, without a checksum: ports and sequence number of TCP, ports and length of UDP, type, identifier and sequence number of an echo.

const isIpv6 = 1n << 56n;

/** Bytes of the IPv4 header from the fifth on that no router changes: identification, fragment, protocol. */
const fixedIpv4 = constant(0xff00_ffff_ffffn);

const [udpWithoutChecksum, icmpWithoutChecksum] = [
  constant(0xffff_ffff_ffffn),
  constant(0xffff_ffff_0000_ffffn),
];

/** Odd numbers without a pattern: of the words of different addresses they make different numbers. */
const factors = [0x1e37_79b9_7f4a_7c15n, 0x3f58_476d_1ce4_e5b9n, 0x14d0_49bb_1331_11ebn].map(constant);

const withoutChecksum = (protocol: Bpf) =>
  bpf`if (${protocol} == 17) { $c = $c & ${udpWithoutChecksum}; } else { if (${protocol} == 1 || ${protocol} == 58) { $c = $c & ${icmpWithoutChecksum}; } }`;

const readAddresses4 = bpf`$a = ${readAt(bpf`$net + 12`, 8)};`;
const readAddresses6 = bpf`$a = ${readAt(bpf`$net + 8`, 8)} + ${readAt(bpf`$net + 16`, 8)} * ${factors[0] as Bpf} + ${readAt(bpf`$net + 24`, 8)} * ${factors[1] as Bpf} + ${readAt(bpf`$net + 32`, 8)} * ${factors[2] as Bpf};`;
const readFixed6 = bpf`$b = ($w >> 16 & 0xffff) | ($w >> 48 & 0xff) << 40 | 40 << 48 | ${isIpv6};`;

/**
 * Statements that read the words of a packet at `$net`; `versions` are those that it can have.
 *
 * @param parsed whether it has been parsed: what that read of IPv4 isn't read again then. Of IPv6 it would have to read more.
 */
export function readIdentity(versions: readonly (4 | 6)[], parsed: boolean): Bpf {
  const read4 =
    parsed && !versions.includes(6)
      ? bpf`$a = ${packet.dst.low} << 32 | ${packet.src.low};
    $b = $w >> 32 | ${packet.protocol} << 40 | ($w & 15) << 50;`
      : bpf`${readAddresses4}
    $b = ${readAt(bpf`$net + 4`, 8)} & ${fixedIpv4} | ($w & 15) << 50;`;
  const read6 = bpf`${readAddresses6}
    ${readFixed6}`;
  const [only] = versions;
  const both = bpf`if (($w & 0xf0) == 0x40) { ${read4} } else { ${read6} }`;
  return bpf`$a = 0; $b = 0; $c = 0; $w = ${readAt(bpf`$net`, 8)};
  ${versions.length > 1 ? both : only === 6 ? read6 : read4}
  $c = ${readAt(bpf`$net + ($b >> 48 & 0xff)`, 8)};
  ${withoutChecksum(bpf`($b >> 40 & 0xff)`)}`;
}

/** True for words of a fragment: others follow, or it is not the first; of IPv6, where its header comes at once. */
export const isFragment: Bpf = bpf`(($b & 0xff3f0000) != 0 && ($b >> 56) == 0) || ($b >> 40 & 0xff) == 44`;

/** The words that a packet is known by. */
export interface Identity {
  a: Bpf;
  b: Bpf;
  c: Bpf;
}

/** Statements that read the words at `$net` where a known packet may be: its version and the length of its IP header are what they were. */
function readAgain({ b }: Identity, versions: readonly (4 | 6)[]): Bpf {
  const read4 = bpf`${readAddresses4} $b = ${readAt(bpf`$net + 4`, 8)} & ${fixedIpv4} | (${b} >> 48) << 48;`;
  const read6 = bpf`$w = ${readAt(bpf`$net`, 8)}; ${readAddresses6} ${readFixed6}`;
  const [only] = versions;
  const both = bpf`if (${b} >> 56 == 0) { ${read4} } else { ${read6} }`;
  return bpf`${versions.length > 1 ? both : only === 6 ? read6 : read4}
  $c = ${readAt(bpf`$net + (${b} >> 48 & 0xff)`, 8)}; ${withoutChecksum(bpf`(${b} >> 40 & 0xff)`)}`;
}

/** True where the words that were read are the known ones. */
const isEqual = ({ a, b, c }: Identity) => bpf`$a == ${a} && $b == ${b} && $c == ${c}`;

/** Statements that set `$same` to 1 where the packet whose data begins with an IP header at `$net` has the words that are known; else to 0. */
export function compareAt(known: Identity, versions: readonly (4 | 6)[]): Bpf {
  return bpf`$same = 0; $a = 0; $b = 0; $c = 0; $w = 0;
  ${readAgain(known, versions)}
  if (${isEqual(known)}) { $same = 1; }`;
}

/**
 * Statements that set `$same`: 1 where the packet `$skb` has the words that are known, at its network header or, once it has been put into a tunnel, at the one inside; 2 where its addresses or ports were
 * translated: it has the identification and protocol, and of TCP the sequence number, of UDP the length. Else 0. `$a`, `$b` and `$c` are what it has then.
 */
export function compareIdentity(site: Site, known: Identity, versions: readonly (4 | 6)[]): Bpf {
  const { b, c } = known;
  const read = readAgain(known, versions);
  const tellsApart = bpf`((($b & 0xffff) != 0 && $b >> 56 == 0) || ($b >> 40 & 0xff) == 6)`;
  return bpf`$same = 0; $a = 0; $b = 0; $c = 0; $w = 0;
  $net = $head + ${site.read(bpf`$skb`, "sk_buff.network_header")};
  ${read}
  if (${isEqual(known)}) { $same = 1; } else {
    if ($b == ${b} && $c >> 32 == ${c} >> 32 && ${tellsApart}) { $same = 2; } else {
      $inner = ${site.read(bpf`$skb`, "sk_buff.inner_network_header")};
      if ($inner != 0) { $net = $head + $inner; ${read}
        if (${isEqual(known)}) { $same = 1; } }
    }
  }`;
}
