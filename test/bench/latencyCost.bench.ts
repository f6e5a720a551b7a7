import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Host, runQueueSummary, stageSummary } from "../../lib/index.js";
import { against, type During, hasBcc, packets } from "./against-bcc.js";
import type { Figure } from "./figure.js";
import { forwarding, here, sent } from "./forwarding.js";

const seconds = 120;

/**
 * What probes of latency cost the kernel, by its own statistics, against BCC programs at the same hooks with the same keys: a run of stageSummary's
 * programs where the packet is followed and where it isn't, and a run of runQueueSummary's, as bcc's runqlat is written. For netstacklat 134 to 176 ns
 * a hit are published: it knows packets by their receive time, and compares no headers.
 */
export default async function latencyCostBench(): Promise<Figure[]> {
  if (!hasBcc()) return [];
  return [...(await stages()), ...(await runQueue())];
}

function stages(): Promise<Figure[]> {
  return forwarding("sks", async (hosts, send) => {
    const probe = (from: string, to: string) => (host: Host, during: During) =>
      stageSummary(host, { ...sent, from, to, seconds, during });
    const peer = (from: string, to: string) => ["stages", from, to, sent.src, sent.dst];
    return [
      ...(await against(
        "stageSummary, a packet at a stage",
        peer("uplink0", "vnet0"),
        hosts,
        probe("uplink0", "vnet0"),
        send,
      )),
      ...(await against(
        "stageSummary, a packet that isn't followed, at a stage",
        peer("none0", "none1"),
        hosts,
        probe("none0", "none1"),
        send,
      )),
    ];
  });
}

/** Two processes that wake each other: what one writes the other one gives back. */
async function runQueue(): Promise<Figure[]> {
  const peer = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] });
  const probe = (host: Host, during: During) => runQueueSummary(host, { seconds, by: ["thread"], during });
  const wake = async () => {
    for (let turn = 0; turn < packets / 2; turn++) {
      peer.stdin.write("x");
      await once(peer.stdout, "data");
    }
  };
  try {
    return await here((hosts) =>
      against("runQueueSummary, a run of its programs", ["runq"], hosts, probe, wake),
    );
  } finally {
    peer.kill();
  }
}
