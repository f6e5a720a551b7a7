import { connect, dropSummary, pathSummary } from "../../lib/index.js";
import { startSshd } from "../fixtures/sshd.js";
import { appAddress, buildScene, clientAddress, managementAddress, openPort } from "../scene/topology.js";
import { traffic } from "../scene/traffic.js";
import { against, type During, hasBcc, packets } from "./against-bcc.js";
import type { Figure } from "./figure.js";

const seconds = 120;
const path = { src: clientAddress, dst: appAddress };
/** Where none of the packets go (RFC 5737). */
const elsewhere = "192.0.2.0/24";

/**
 * What a run of a probe's programs costs the kernel, by its own statistics, against BCC programs at the same hooks that see the same traffic. The
 * probe's few runs at its begin and at its ticks are in the mean; there is one of them for thousands of packets. Needs Debian's python3-bpfcc, bpftool and linux-headers-amd64, which no test does.
 */
export default async function costBench(): Promise<Figure[]> {
  if (!hasBcc()) return [];
  const scene = await buildScene("skc");
  const sshd = await startSshd({ address: managementAddress, port: 22, namespace: scene.host });
  try {
    const host = await connect(sshd.destination, sshd.options);
    // A queue of its own shape would drop most of them before they come out.
    await host.exec(["tc", "qdisc", "del", "dev", "vnet0", "root"]);
    const send = async () => {
      await traffic(scene.client, "udp", appAddress, openPort, packets, 64);
    };
    try {
      const drops = (dst?: string) => (during: During) =>
        dropSummary(host, { seconds, ...(dst === undefined ? {} : { dst }), during });
      const paths = (from: string, to: string) => (during: During) =>
        pathSummary(host, { ...path, from, to, protocol: "UDP", seconds, during });
      const pathPeer = (from: string, to: string) => ["path", from, to, path.src, path.dst];
      return [
        await against("dropSummary, a run of its program", ["drops"], drops(), send),
        await against(
          "dropSummary, a packet that a filter rejects",
          ["drops", elsewhere],
          drops(elsewhere),
          send,
        ),
        await against(
          "pathSummary, a run of its programs",
          pathPeer("uplink0", "vnet0"),
          paths("uplink0", "vnet0"),
          send,
        ),
        await against(
          "pathSummary, a packet on other devices",
          pathPeer("none0", "none1"),
          paths("none0", "none1"),
          send,
        ),
      ];
    } finally {
      await host.close();
    }
  } finally {
    sshd.stop();
    await scene.remove();
  }
}
