import { dropSummary, type Host, pathSummary } from "../../lib/index.js";
import { against, type During, hasBcc } from "./against-bcc.js";
import type { Figure } from "./figure.js";
import { forwarding, sent } from "./forwarding.js";

const seconds = 120;
/** Where none of the packets go (RFC 5737). */
const elsewhere = "192.0.2.0/24";

/**
 * What a run of a probe's programs costs the kernel, by its own statistics, against BCC programs at the same hooks that see the same traffic. The
 * probe's few runs at its begin and at its ticks are in the mean; there is one of them for thousands of packets. Needs Debian's python3-bpfcc, bpftool and linux-headers-amd64, which no test does.
 */
export default async function costBench(): Promise<Figure[]> {
  if (!hasBcc()) return [];
  return forwarding("skc", async (hosts, send) => {
    const drops = (dst?: string) => (host: Host, during: During) =>
      dropSummary(host, { seconds, ...(dst === undefined ? {} : { dst }), during });
    const paths = (from: string, to: string) => (host: Host, during: During) =>
      pathSummary(host, { ...sent, from, to, seconds, during });
    const pathPeer = (from: string, to: string) => ["path", from, to, sent.src, sent.dst];
    return [
      ...(await against("dropSummary, a run of its program", ["drops"], hosts, drops(), send)),
      ...(await against(
        "dropSummary, a packet that a filter rejects",
        ["drops", elsewhere],
        hosts,
        drops(elsewhere),
        send,
      )),
      ...(await against(
        "pathSummary, a run of its programs",
        pathPeer("uplink0", "vnet0"),
        hosts,
        paths("uplink0", "vnet0"),
        send,
      )),
      ...(await against(
        "pathSummary, a packet on other devices",
        pathPeer("none0", "none1"),
        hosts,
        paths("none0", "none1"),
        send,
      )),
    ];
  });
}
