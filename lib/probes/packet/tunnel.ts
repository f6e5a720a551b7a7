import { readAt } from "../site.js";
import { type Bpf, bpf } from "../text/bpf.js";
import { swapped16, swapped32 } from "../text/numbers.js";

/** UDP ports of VXLAN (RFC 7348) and Geneve (RFC 8926). */
const [vxlan, geneve] = [4789, 6081];

/**
 * Statements that go from a tunnel's outer headers, which have been read with protocol, ports and place of transport, to the packet inside:
 * set `$vni`, `$type` and `$net`. What is no VXLAN or Geneve with Ethernet in it has no `$vni`, and no `$type`.
 */
export const enterTunnel: Bpf = bpf`$vni = 0; $type = 0;
  if ($ports == 1 && $proto == 17 && ($dport == ${vxlan} || $dport == ${geneve})) {
    $w = ${readAt(bpf`$l4 + 8`, 8)};
    $inner = $l4 + 16;
    if ($dport == ${vxlan}) { if (($w & 8) == 0) { $inner = 0; } }
    else { $inner = $inner + ($w & 0x3f) * 4; if (($w >> 16 & 0xffff) != 0x5865) { $inner = 0; } }
    if ($inner != 0) {
      $vni = ${swapped32(bpf`($w >> 32)`)} >> 8 | 0x1000000;
      $w = ${readAt(bpf`$inner + 12`, 8)}; $type = ${swapped16(bpf`$w`)}; $net = $inner + 14;
      if ($type == 0x8100) { $type = ${swapped16(bpf`($w >> 32)`)}; $net = $net + 4; }
    }
  }`;
