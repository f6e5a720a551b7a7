import { readAt } from "../site.js";
import { type Bpf, bpf, joined } from "../text/bpf.js";
import { swapped16, swapped32 } from "../text/numbers.js";
import type { Wanted } from "./wanted.js";

/**
 * Statements that read what stands at `$l4`, behind the headers of IP, of which no later fragment has any.
 *
 * @param readPorts sets `$w` to both ports as they stand there, where something knows them without reading.
 */
export function transportOf(
  { ports, tcp, tcpFlags, icmp, payload }: Wanted,
  readPorts = bpf`$w = ${readAt(bpf`$l4`, 4)};`,
): Bpf {
  const reads = [
    ...(ports
      ? [
          bpf`if ($proto == 6 || $proto == 17 || $proto == 132) { $ports = 1;
        ${readPorts} $sport = ${swapped16(bpf`$w`)}; $dport = ${swapped16(bpf`($w >> 16)`)}; }`,
        ]
      : []),
    ...(tcp
      ? [
          bpf`if ($proto == 6) { $w = ${readAt(bpf`$l4 + 4`, 8)}; $seq = ${swapped32(bpf`$w`)}; $ack = ${swapped32(bpf`($w >> 32)`)}; }`,
        ]
      : []),
    ...(tcpFlags || payload
      ? [
          bpf`if ($proto == 6) { $w = ${readAt(bpf`$l4 + 12`, 2)}; ${tcpFlags ? bpf`$flags = $w >> 8 | 0x100;` : bpf``} ${payload ? bpf`$head = ($w >> 4 & 15) * 4;` : bpf``} }`,
        ]
      : []),
    ...(payload ? [bpf`if ($proto == 17 || $proto == 1 || $proto == 58) { $head = 8; }`] : []),
    ...(icmp
      ? [
          bpf`if ($proto == 1 || $proto == 58) { $w = ${readAt(bpf`$l4`, 8)};
        $icmp = ($w & 0xffff) | ${swapped16(bpf`($w >> 32)`)} << 16 | ${swapped16(bpf`($w >> 48)`)} << 32 | 0x1000000000000; }`,
        ]
      : []),
  ];
  if (reads.length === 0) return bpf``;
  const first = bpf`if (($part & 0x1fff) == 0) { ${joined(reads, "\n      ")} }`;
  return payload ? bpf`$head = 0; ${first} $payload = $len - ($l4 - $net) - $head;` : first;
}
