import type { Site } from "../site.js";
import { type Bpf, bpf } from "../text/bpf.js";

/** Statements for what the kernel put together of several segments, or cuts later (GRO, TSO): such a packet has data outside its head. */
export function whenMerged(at: Site, statements: (info: Bpf) => Bpf): Bpf {
  const info = bpf`$info`;
  return bpf`if (${at.read(bpf`$skb`, "sk_buff.data_len")} > 0) {
    ${info} = ${at.read(bpf`$skb`, "sk_buff.head")} + ${at.read(bpf`$skb`, "sk_buff.end")};
    if (${at.read(info, "skb_shared_info.gso_size")} > 0) { ${statements(info)} }
  }`;
}
