import { readAt, type Site } from "../site.js";
import { type Bpf, bpf } from "../text/bpf.js";
import { swapped16 } from "../text/numbers.js";

/** `mac_header` of a packet that has no link header. */
const none = 0xffff;

/**
 * Statements that step over VLAN tags in the frame (802.1Q, 802.1ad), two at most: `$type` and `$net` are those of what the tags are on then.
 * The network header may be set to the tags or behind them, so they are looked for behind the Ethernet header where there is one.
 *
 * @param vlan also sets `$vlan` and `$vlan2`.
 */
export function skipTags(site: Site, skb: Bpf, vlan: boolean): Bpf {
  const isTag = bpf`($type == 0x8100 || $type == 0x88a8)`;
  const keep = bpf`if ($vlan == 0) { $vlan = ${swapped16(bpf`$w`)} | 0x10000; } else { $vlan2 = ${swapped16(bpf`$w`)} | 0x10000; }`;
  return bpf`if ${isTag} {
    $mac = ${site.read(skb, "sk_buff.mac_header")};
    if ($mac != ${none}) { $at = ${site.read(skb, "sk_buff.head")} + $mac + 14; if ($at < $net) { $net = $at; } }
    unroll(2) { if ${isTag} {
      $w = ${readAt(bpf`$net`, 4)}; $type = ${swapped16(bpf`($w >> 16)`)}; $net = $net + 4;
      ${vlan ? keep : bpf``}
    } }
  }`;
}

/** Statements that read the tag that the NIC or the stack took out of the frame; how the kernel says that there is one has changed twice. */
export function readTagBeside(site: Site, skb: Bpf): Bpf {
  const tag = site.read(skb, "sk_buff.vlan_tci");
  const present = site.has("sk_buff.vlan_all")
    ? bpf`${site.read(skb, "sk_buff.vlan_all")} != 0`
    : site.has("sk_buff.vlan_present")
      ? bpf`${site.read(skb, "sk_buff.vlan_present")} == 1`
      : bpf`(${tag} & 0x1000) != 0`;
  return bpf`$vlan = 0; $vlan2 = 0;
  if (${present}) { $vlan = ${tag} | 0x10000; }`;
}

/** Statements that read the Ethernet header, where the frame has one. */
export function readEthernet(site: Site, skb: Bpf): Bpf {
  return bpf`$ethdst = 0; $ethsrc = 0;
  $mac = ${site.read(skb, "sk_buff.mac_header")};
  if ($mac != ${none} && $mac + 14 <= ${site.read(skb, "sk_buff.network_header")}) {
    $mac = $mac + ${site.read(skb, "sk_buff.head")};
    $ethdst = ${readAt(bpf`$mac`, 8)} & 0xffffffffffff | 0x1000000000000;
    $ethsrc = ${readAt(bpf`$mac + 6`, 8)} & 0xffffffffffff;
  }`;
}
