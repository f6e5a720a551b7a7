import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { corpus } from "./corpus.js";

/** What the generator says that it wrote. */
export type Truth = Record<
  | "bytes"
  | "packets"
  | "tcp_pkts"
  | "udp_pkts"
  | "icmp_pkts"
  | "tcp_conns"
  | "syn"
  | "syn_retrans"
  | "fast_retrans"
  | "rto_retrans"
  | "spurious"
  | "dsack"
  | "dup_acks"
  | "reordered"
  | "zero_window"
  | "zero_window_probe"
  | "keep_alive"
  | "rst"
  | "dns_q"
  | "dns_r"
  | "dns_timeout"
  | "dns_retrans"
  | "dns_nx"
  | "icmp_req"
  | "icmp_rep",
  number
>;

const source = corpus === undefined ? undefined : join(corpus, "..", "tools", "gencap.c");

/** Whether the generator of captures with known faults is at hand. */
export const hasGenerator = source !== undefined && existsSync(source);
if (!hasGenerator)
  console.warn("LEFT OUT: tests against generated captures; tools/gencap.c is not there (set SKBOOK_SHARED)");

/** Writes a capture of about so many bytes and returns what is in it. Fewer conversations at a time make a small one. */
export function generate(folder: string, bytes: number): { path: string; truth: Truth } {
  const program = join(folder, "gencap");
  const path = join(folder, "generated.pcap");
  execFileSync("cc", ["-O2", "-o", program, source as string, "-lm"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const concurrency = String(Math.min(1500, Math.max(50, Math.round(bytes / 70_000))));
  const truth = execFileSync(program, [path, String(bytes), "mixed", "1", "0", concurrency]);
  return { path, truth: JSON.parse(String(truth)) as Truth };
}
