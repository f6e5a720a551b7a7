import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type FlakyProxy, startFlakyProxy } from "../fixtures/flaky-proxy.js";
import { startSshd } from "../fixtures/sshd.js";
import type { Time } from "./victims.js";

/** What a cut has at hand. */
interface Scene {
  client: ChildProcess;
  proxy: FlakyProxy;
  sshd: number;
  /** Processes that the run has on the host. */
  running(): Process[];
}

interface Ending {
  time: Time;
  cut(scene: Scene): void;
  /** Whether the client says itself what came of it; what is left is looked for when it has. */
  ends: boolean;
}

const long = { seconds: 60, attachSeconds: 60 };

/** Ways in which a measurement is cut off before its time. */
export const endings = {
  reset: { time: long, ends: false, cut: ({ proxy }) => proxy.cut() },
  silence: { time: long, ends: false, cut: ({ proxy }) => proxy.freeze() },
  clientKilled: { time: long, ends: false, cut: ({ client }) => void client.kill("SIGKILL") },
  clientStopped: { time: long, ends: false, cut: ({ client }) => void client.kill("SIGSTOP") },
  interrupt: { time: long, ends: true, cut: ({ client }) => void client.kill("SIGINT") },
  /** What measures hangs, and its time passes. */
  deadline: {
    time: { seconds: 2, attachSeconds: 3 },
    ends: true,
    cut: ({ running }) => {
      for (const { pid, name } of running()) if (tools.includes(name)) tell(pid, "SIGSTOP");
    },
  },
  sshdKilled: {
    time: long,
    ends: false,
    cut: ({ sshd }) => {
      for (const pid of [...descendants(sshd).filter((one) => nameOf(one) === "sshd"), sshd])
        tell(pid, "SIGKILL");
    },
  },
} satisfies Record<string, Ending>;

export type EndingName = keyof typeof endings;

export const endingNames = Object.keys(endings) as EndingName[];

/** Programs that measure on the host. */
export const tools = ["bpftrace", "dumpcap", "ss"];

/** What became of a run that was cut off. */
export interface Cut {
  /** What it had on the host just before: names of programs. */
  had: string[];
  /** Something was seen to measure there, of a run that was to be cut off from then on; it was not cut off else. */
  measured: boolean;
  /** What the client said of it; null where it could not. */
  said: string | null;
  /** Until nothing was left on the host, in seconds; the bound where something was. */
  seconds: number;
  left: string[];
}

/** It is looked so often. */
const pollMs = 100;

/** Nothing may be left after so long. */
export const boundSeconds = 6;

/** Root without login scripts of this machine, which run before there is anything to cut off. */
const plainAccount = `
  sed "s#^\\(root:.*\\):[^:]*:[^:]*\\$#\\1:$1:/bin/sh#" /etc/passwd > "$1/passwd"
  mount --bind "$1/passwd" /etc/passwd`;

let runs = 0;

/** When to cut a run off: since it was connected, or since what measures was started on the host. */
export interface Moment {
  from: "connection" | "tool";
  afterMs: number;
}

/** Runs a measurement over an sshd of its own, and cuts it off. */
export async function cut(victim: string, name: EndingName, { from, afterMs }: Moment): Promise<Cut> {
  const { time, ends, cut: act }: Ending = endings[name];
  runs += 1;
  const mark = `SKBOOK_CUT=${process.pid}.${runs}`;
  const sshd = await startSshd({ mounts: plainAccount, lines: () => [`SetEnv ${mark}`] });
  const proxy = await startFlakyProxy(sshd);
  const given = {
    destination: proxy.destination,
    options: { ...proxy.options, keepaliveSeconds: 1 },
    victim,
    time,
  };
  const program = fileURLToPath(new URL("./client.js", import.meta.url));
  const client = spawn(process.execPath, [program, JSON.stringify(given)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(client, "exit");
  let text = "";
  client.stdout.setEncoding("utf8").on("data", (said: string) => {
    text += said;
  });
  const connected = () => text.startsWith("connected");
  const running = () => processesMarked(mark, 0);
  const seen = () => processesMarked(mark, pollMs);
  try {
    await until(60, () => connected() || client.exitCode !== null);
    if (!connected()) throw new Error(`the client did not connect: ${text}`);
    const measures = () => seen().some((one) => tools.includes(one.name));
    let measured = false;
    if (from === "tool") {
      await until(60, () => {
        measured ||= measures();
        return measured || client.exitCode !== null;
      });
      if (!measured) return { had: [], measured, said: saidBy(text), seconds: 0, left: [] };
    }
    await new Promise((later) => setTimeout(later, afterMs));
    const had = running().map((one) => one.name);
    act({ client, proxy, sshd: sshd.pid, running });
    if (ends) await exited;
    const start = performance.now();
    // Looked for anew where an older look found nothing.
    const gone = await until(boundSeconds, () => seen().length === 0 && running().length === 0);
    const seconds = gone ? (performance.now() - start) / 1_000 : boundSeconds;
    const left = gone ? [] : running().map(({ pid, name: what }) => `${what} ${pid}`);
    return { had, measured, said: saidBy(text), seconds, left };
  } finally {
    for (const { pid } of running()) tell(pid, "SIGKILL");
    client.kill("SIGKILL");
    proxy.close();
    for (const pid of descendants(sshd.pid)) tell(pid, "SIGKILL");
    sshd.stop();
  }
}

/** What the client said behind its first line. */
function saidBy(text: string): string | null {
  return text.split("\n")[1] || null;
}

interface Process {
  pid: number;
  name: string;
}

/** What was found when it was last looked, for all runs at once: looking takes time, which these processes need, too. */
let found = { at: 0, byMark: new Map<string, Process[]>() };

/**
 * Processes whose environment has a mark, as they were no longer ago than that: whatever the run started, also what left its group and its
 * session.
 */
function processesMarked(mark: string, ageMs: number): Process[] {
  if (performance.now() - found.at >= ageMs) found = { at: performance.now(), byMark: markedProcesses() };
  return found.byMark.get(mark) ?? [];
}

function markedProcesses(): Map<string, Process[]> {
  const byMark = new Map<string, Process[]>();
  for (const pid of pids()) {
    const mark = /(?:^|\0)(SKBOOK_CUT=[^\0]*)/.exec(read(`/proc/${pid}/environ`))?.[1];
    if (mark === undefined || /\) Z /.test(read(`/proc/${pid}/stat`))) continue;
    byMark.set(mark, [...(byMark.get(mark) ?? []), { pid, name: nameOf(pid) }]);
  }
  return byMark;
}

function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

function descendants(of: number): number[] {
  const parents = new Map(
    pids().map((pid) => [pid, Number(/\) \S (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1])]),
  );
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === of || (parent > 1 && isBelow(parent)));
  };
  return [...parents.keys()].filter(isBelow);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

async function until(seconds: number, holds: () => boolean): Promise<boolean> {
  const end = performance.now() + seconds * 1_000;
  while (!holds()) {
    if (performance.now() > end) return false;
    await new Promise((later) => setTimeout(later, pollMs));
  }
  return true;
}
