import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../kernel/package.js";
import { connect, type Frame, type Host, type Table } from "../../lib/index.js";
import { checkProbe } from "../../lib/probes/index.js";
import { catalogue } from "../../probes/catalogue.js";
import { startSshd } from "../fixtures/sshd.js";
import { kernelVersions } from "../lab/kernels.js";
import { startLab } from "../lab/lab.js";
import type { Figure } from "./figure.js";

/** A call of a probe, and the program that somebody would write for the same hooks and key. */
interface Pair {
  probe: string;
  what?: string;
  byHand: string;
  parameters?: object;
}

const [src, dst] = ["203.0.113.30", "198.51.100.20"];
const path = { from: "uplink0", to: "vnet0", src, dst, protocol: "UDP" };

const pairs: readonly Pair[] = [
  { probe: "dropSummary", byHand: "drop-summary" },
  {
    probe: "dropSummary",
    what: " by flow, with a filter",
    byHand: "drop-summary-flow",
    parameters: { by: ["reason", "site", "device", "flow"], src, dst, protocol: "UDP", dstPort: 5353 },
  },
  { probe: "dropEvents", byHand: "drop-events" },
  { probe: "qdiscDrops", byHand: "qdisc-drops" },
  { probe: "conntrackSummary", byHand: "conntrack-summary" },
  { probe: "conntrackEvents", byHand: "conntrack-events" },
  { probe: "defragSummary", byHand: "defrag-summary" },
  { probe: "defragEvents", byHand: "defrag-events" },
  { probe: "pathSummary", byHand: "path-summary", parameters: path },
  { probe: "pathEvents", byHand: "path-events", parameters: path },
];

/** On the emulated lab host each takes half a minute. */
const [rounds, labRounds] = [5, 3];
/** A tick every 250 ms, as a run by hand has it; each run is ended at its first one. */
const seconds = 120;
const tick = 'interval:ms:250 { printf("tick\\n"); }';
const attachSeconds = 300;

type Call = (host: Host, parameters: object) => Promise<Frame | Table>;

/**
 * How long a second call of a probe takes to its first tick, which proves that all hooks are attached, against bpftrace with a program for
 * the same hooks and key that was written by hand, started over the same connection. For every probe of the catalogue that can run; on this
 * machine, or with `SKBOOK_BENCH_LAB=6.1` on a lab host with that kernel.
 */
export default async function attachBench(): Promise<Figure[]> {
  const kernel = kernelVersions.find((version) => version === process.env.SKBOOK_BENCH_LAB);
  if (kernel !== undefined) {
    const lab = await startLab(kernel);
    try {
      return await allOf(lab.host, labRounds);
    } finally {
      await lab.stop();
    }
  }
  // bash takes itself for no login's then, and leaves out what this machine's user has in .bashrc: no matter of skbook's.
  const sshd = await startSshd({ lines: () => ["SetEnv SHLVL=1"] });
  try {
    const host = await connect(sshd.destination, sshd.options);
    try {
      return await allOf(host, rounds);
    } finally {
      await host.close();
    }
  } finally {
    sshd.stop();
  }
}

async function allOf(host: Host, rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const pair of pairs) {
    const probe = catalogue.find(({ definition }) => definition.name === pair.probe);
    const name = `${pair.probe}${pair.what ?? ""}, from call to first tick`;
    if (probe === undefined || !(await runs(host, probe))) {
      console.error(`LEFT OUT: ${name}: the probe can't run on ${host.name}`);
      continue;
    }
    const figure = await compared(host, name, probe as unknown as Call, pair, rounds);
    figures.push(figure);
  }
  return figures;
}

async function runs(host: Host, probe: (typeof catalogue)[number]): Promise<boolean> {
  const { checks } = await checkProbe(host, probe.definition);
  return checks.every(({ ok }) => ok);
}

/** In turns, so that what else the machine does meets both; the first call finds out what later ones know. */
async function compared(host: Host, name: string, probe: Call, pair: Pair, rounds: number): Promise<Figure> {
  const { hooks } = await timedCall(host, probe, pair);
  const program = written(pair.byHand, hooks);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push((await timedCall(host, probe, pair)).seconds);
    theirs.push(await timedByHand(host, program));
  }
  const [value, against] = [median(ours), median(theirs)];
  return {
    name,
    value,
    unit: "s",
    against: `bpftrace by hand: ${against.toFixed(2)} s`,
    ratio: value / against,
  };
}

async function timedCall(
  host: Host,
  probe: Call,
  { parameters = {} }: Pair,
): Promise<{ seconds: number; hooks: string[] }> {
  let begun = Number.NaN;
  const start = performance.now();
  const { provenance } = await probe(host, {
    ...parameters,
    ...{ seconds, attachSeconds },
    during: () => {
      begun = performance.now();
    },
  });
  const attached = provenance.details.attached as string[];
  return { seconds: (begun - start) / 1_000, hooks: attached };
}

async function timedByHand(host: Host, program: string): Promise<number> {
  const start = performance.now();
  const execution = host.start(["bpftrace", "-B", "line", "-e", program], {
    root: true,
    deadlineSeconds: attachSeconds,
  });
  let said = "";
  let ticked = Number.NaN;
  for await (const bytes of execution) {
    said += Buffer.from(bytes).toString();
    if (!/^tick$/m.test(said)) continue;
    ticked = performance.now();
    break;
  }
  const { stderr } = await execution.ended;
  if (Number.isNaN(ticked)) throw new Error(`bpftrace on ${host.name} did not tick: ${stderr}`);
  return (ticked - start) / 1_000;
}

/** A program by hand with the hooks that the probe has on the host; a clause without any is left out. */
function written(name: string, hooks: readonly string[]): string {
  const text = readFileSync(join(packageRoot, "test/bench/by-hand", `${name}.bt`), "utf8");
  const clauses = text
    .trim()
    .split("\n\n")
    .map((clause) => {
      const [, heads = "", body = ""] = /^((?:[a-zA-Z].*\n)+)([\s\S]*)$/.exec(`${clause}\n`) ?? [];
      const wanted = heads.split(/,?\n/).filter((head) => head !== "");
      const there = wanted.flatMap((head) =>
        head === "BEGIN" ? [head] : hooks.filter((hook) => fits(hook, head)),
      );
      return there.length === 0 ? "" : `${there.join(",\n")}\n${body}`;
    });
  return [...clauses, tick]
    .join("\n")
    .replaceAll(/\b(FROM|TO|SRC|DST)\b/g, (word) => placeholders[word as keyof typeof placeholders]);
}

const placeholders = { FROM: path.from, TO: path.to, SRC: number(src), DST: number(dst) };

/** Whether a hook is the one that a clause names; `*` stands for whatever is there. */
function fits(hook: string, head: string): boolean {
  const [before = "", behind] = head.split("*");
  return behind === undefined ? hook === head : hook.startsWith(before) && hook.endsWith(behind);
}

/** An IPv4 address as the number that it is. */
function number(address: string): string {
  return String(address.split(".").reduce((all, part) => all * 256 + Number(part), 0));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}
