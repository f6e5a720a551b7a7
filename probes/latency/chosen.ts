import type { Frame, Value } from "../../lib/tables/index.js";

/** Threads that packets wait for, by their names: what each does, the most telling first. */
const roles: readonly (readonly [role: string, name: RegExp])[] = [
  ["carries a machine's packets", /^vhost-\d+$/],
  ["runs a machine", /^CPU \d+\/KVM$/],
  ["answers Open vSwitch", /^(?:handler|revalidator|pmd)[\w/-]*$|^ovs-vswitchd$/],
  ["handles a device", /^(?:napi|irq)\//],
  ["handles softirqs", /^ksoftirqd\/\d+$/],
];

/** What a thread does for packets, by its name; null: nothing that is known. */
export function roleOf(command: string): string | null {
  return roles.find(([, name]) => name.test(command))?.[0] ?? null;
}

/** As many threads can be named to a probe. */
export const maxThreads = 16;

/** The threads of a host that packets wait for, the most telling first and then those that run most often: at most as many as a probe takes, and how many there are. */
export function chosenOf(threads: Frame): { chosen: number[]; all: number } {
  const at = (name: string) => threads.columns.indexOf(name);
  const [thread, command, runs] = [at("thread"), at("command"), at("runs")];
  const known = (threads.values as Value[][])
    .map((row) => ({
      thread: Number(row[thread]),
      rank: roles.findIndex(([, name]) => name.test(String(row[command]))),
      runs: Number(row[runs]),
    }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank || b.runs - a.runs || a.thread - b.thread);
  return { chosen: known.slice(0, maxThreads).map((one) => one.thread), all: known.length };
}
