import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { packageRoot } from "../../kernel/package.js";
import { connect, dropSummary, type Frame, pathSummary } from "../../lib/index.js";
import { startSshd } from "../fixtures/sshd.js";
import { appAddress, buildScene, clientAddress, managementAddress, openPort } from "../scene/topology.js";
import { traffic } from "../scene/traffic.js";
import type { Figure } from "./figure.js";

const packets = 100_000;
const seconds = 120;
const rounds = 3;
const path = { src: clientAddress, dst: appAddress };
/** Where none of the packets go (RFC 5737). */
const elsewhere = "192.0.2.0/24";
const python = "/usr/bin/python3";

/**
 * What a run of a probe's programs costs the kernel, by its own statistics, against BCC programs at the same hooks that see the same traffic. The
 * probe's few runs at its begin and at its ticks are in the mean; there is one of them for thousands of packets. Needs Debian's python3-bpfcc, bpftool and linux-headers-amd64, which no test does.
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

type During = () => Promise<void>;

interface Cost {
  runs: number;
  nsPerRun: number;
}

/** In turns, each alone: what runs second at a hook finds the packet in the caches, and what else the machine does meets both. */
async function against(
  name: string,
  peer: readonly string[],
  probe: (during: During) => Promise<Frame>,
  send: During,
): Promise<Figure> {
  const [ours, theirs]: [Cost[], Cost[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const { provenance } = await probe(send);
    ours.push(provenance.details.selfCost as unknown as Cost);
    theirs.push(await withPeer(peer, send));
  }
  const few = [...ours, ...theirs].filter(({ runs }) => !(runs >= packets));
  if (few.length > 0) throw new Error(`${name}: nothing to compare: ${JSON.stringify({ ours, theirs })}`);
  const [value, other] = [median(ours), median(theirs)];
  return { name, value, unit: "ns", against: `BCC: ${other.toFixed(0)} ns`, ratio: value / other };
}

function median(costs: readonly Cost[]): number {
  return costs.map(({ nsPerRun }) => nsPerRun).sort((a, b) => a - b)[costs.length >> 1] as number;
}

async function withPeer(words: readonly string[], act: During): Promise<Cost> {
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
  const { runs, ns } = JSON.parse(await said) as { runs: number; ns: number };
  return { runs, nsPerRun: ns / runs };
}
