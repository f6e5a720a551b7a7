import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { packageRoot } from "../../kernel/package.js";
import { connect, dropSummary, type Frame, type Host, pathSummary } from "../../lib/index.js";
import { startSshd } from "../fixtures/sshd.js";
import { appAddress, buildScene, clientAddress, managementAddress, openPort } from "../scene/topology.js";
import { traffic } from "../scene/traffic.js";
import type { Figure } from "./figure.js";

const packets = 100_000;
const seconds = 120;
const path = { from: "uplink0", to: "vnet0", src: clientAddress, dst: appAddress };
const python = "/usr/bin/python3";

/**
 * What a run of a probe's programs costs the kernel, by its own statistics, against BCC programs at the same hooks that see the same packets
 * at the same time. Needs Debian's python3-bpfcc, bpftool and linux-headers-amd64, which no test does.
 */
export default async function costBench(): Promise<Figure[]> {
  const lacking = [
    ...(existsSync("/usr/lib/python3/dist-packages/bcc") ? [] : ["python3-bpfcc"]),
    ...(existsSync("/usr/sbin/bpftool") ? [] : ["bpftool"]),
    ...(readdirSync("/usr/src").some((name) => name.startsWith("linux-headers-"))
      ? []
      : ["linux-headers-amd64"]),
  ];
  if (lacking.length > 0) {
    console.error(`LEFT OUT: what a run costs against BCC; apt-get install ${lacking.join(" ")}`);
    return [];
  }
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
      return [
        await against(
          host,
          "dropSummary",
          ["drops"],
          (during) => dropSummary(host, { seconds, during }),
          send,
        ),
        await against(
          host,
          "pathSummary",
          ["path", path.from, path.to, path.src, path.dst],
          (during) => pathSummary(host, { ...path, protocol: "UDP", seconds, during }),
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

async function against(
  host: Host,
  name: string,
  peer: readonly string[],
  probe: (during: () => Promise<void>) => Promise<Frame>,
  send: () => Promise<void>,
): Promise<Figure> {
  let bcc = { runs: 0, ns: 0, packets: 0 };
  const { provenance } = await probe(async () => {
    // The kernel keeps statistics as long as the probe is there: the peer has to begin and end within its time.
    bcc = await withPeer(peer, send);
  });
  const cost = provenance.details.selfCost as { runs: number; nsPerRun: number } | null;
  if (cost === null || cost.runs < packets || bcc.packets < packets) {
    throw new Error(`${name} on ${host.name}: nothing to compare: ${JSON.stringify({ cost, bcc })}`);
  }
  const theirs = bcc.ns / bcc.runs;
  return {
    name: `${name}, a run of its programs`,
    value: cost.nsPerRun,
    unit: "ns",
    against: `BCC: ${theirs.toFixed(0)} ns`,
    ratio: cost.nsPerRun / theirs,
  };
}

async function withPeer(words: readonly string[], act: () => Promise<void>) {
  const peer = spawn(python, [join(packageRoot, "test/bench/bcc-peers.py"), ...words], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(peer, "exit");
  const [ready] = await once(peer.stdout, "data");
  if (!String(ready).startsWith("ready")) throw new Error(`BCC says ${ready}`);
  await act();
  const said = text(peer.stdout);
  peer.stdin.end();
  await ended;
  return JSON.parse(await said) as { runs: number; ns: number; packets: number };
}
