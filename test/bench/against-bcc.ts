import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { packageRoot } from "../../kernel/package.js";
import type { Frame, Host } from "../../lib/index.js";
import { versionOn } from "./bpftraces.js";
import type { Figure } from "./figure.js";

/** Runs of a program that are enough to compare. */
export const packets = 100_000;
/** A machine that others share is half as fast for seconds. */
const rounds = 7;
const python = "/usr/bin/python3";

/** Whether BCC is there, with what it needs; says what isn't. */
export function hasBcc(): boolean {
  const lacking = [
    ...(existsSync("/usr/lib/python3/dist-packages/bcc") ? [] : ["python3-bpfcc"]),
    ...(existsSync("/usr/sbin/bpftool") ? [] : ["bpftool"]),
    ...(readdirSync("/usr/src").some((name) => name.startsWith("linux-headers-"))
      ? []
      : ["linux-headers-amd64"]),
  ];
  if (lacking.length > 0)
    console.error(`LEFT OUT: what a run costs against BCC; apt-get install ${lacking.join(" ")}`);
  return lacking.length === 0;
}

export type During = () => Promise<void>;

interface Cost {
  runs: number;
  nsPerRun: number;
}

/**
 * In turns, each alone: what runs second at a hook finds the packet in the caches. Each run is held against the peer's of the same round, so that what else the
 * machine does meets both.
 *
 * @param hosts the same host, with one bpftrace and another.
 * @returns a figure for each of them; its ratio is the median of those of the rounds, not that of the medians.
 */
export async function against(
  name: string,
  peer: readonly string[],
  hosts: readonly Host[],
  probe: (host: Host, during: During) => Promise<Frame>,
  send: During,
): Promise<Figure[]> {
  const ours = hosts.map((): Cost[] => []);
  const theirs: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [at, host] of hosts.entries()) {
      const { provenance } = await probe(host, send);
      ours[at]?.push(provenance.details.selfCost as unknown as Cost);
    }
    theirs.push(await withPeer(peer, send));
  }
  const few = [...ours.flat(), ...theirs].filter(({ runs }) => !(runs >= packets));
  if (few.length > 0) throw new Error(`${name}: nothing to compare: ${JSON.stringify({ ours, theirs })}`);
  const other = median(theirs.map(({ nsPerRun }) => nsPerRun));
  return Promise.all(
    hosts.map(async (host, at) => {
      const costs = (ours[at] ?? []).map(({ nsPerRun }) => nsPerRun);
      // How it adds in maps differs from version to version.
      const against = `BCC: ${other.toFixed(0)} ns; ${await versionOn(host)}`;
      const ratio = median(costs.map((cost, round) => cost / (theirs[round]?.nsPerRun ?? Number.NaN)));
      return { name, value: median(costs), unit: "ns", against, ratio };
    }),
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
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
