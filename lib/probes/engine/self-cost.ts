/** What a probe itself cost its host, as the kernel's BPF run-time statistics have it. */
export interface SelfCost {
  /** How often its programs ran, by the last sample. */
  runs: number;
  /** One run, on average; null where none ran. */
  nsPerRun: number | null;
  /** Time in its programs, between the first and the last sample: 0.01 is 1 % of one CPU. null where there is one sample only. */
  programShareOfOneCpu: number | null;
  /** The same of bpftrace's process, which reads, formats and prints. */
  processShareOfOneCpu: number | null;
  /**
   * How often the kernel left a program out by the last sample, since another one was running on that CPU: it takes in no event there. null where it
   * doesn't say (before Linux 5.12; of tracepoints and kprobes before 6.7 it says 0); not there in recordings of before. 0 is no proof: a kernel of a microVM (6.18)
   * was seen to run no BPF program on top of threads of its first process, uncounted.
   */
  missed?: number | null;
}

/** First word of the lines on stderr that hold a sample: uptime in s, runs, ns in programs, CPU time of the process in 1/100 s, runs left out. */
export const costWord = "skbook-cost";

/** Takes the samples out of what a command wrote to stderr. */
export function splitCost(stderr: string): { stderr: string; selfCost: SelfCost | null } {
  const lines = stderr.split("\n");
  const samples = lines
    .filter((line) => line.startsWith(`${costWord} `))
    .map((line) => line.split(" ").slice(1).map(Number) as Sample);
  return {
    stderr: lines.filter((line) => !line.startsWith(costWord)).join("\n"),
    selfCost: costOf(samples),
  };
}

type Sample = [uptime: number, runs: number, ns: number, ticks: number, missed: number];

function costOf(samples: readonly Sample[]): SelfCost | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return null;
  const [, runs, ns] = last;
  const seconds = last[0] - first[0];
  const share = (spent: number) => (seconds > 0 ? Number((spent / seconds).toPrecision(3)) : null);
  return {
    runs,
    nsPerRun: runs === 0 ? null : Math.round(ns / runs),
    programShareOfOneCpu: share((ns - first[2]) / 1e9),
    processShareOfOneCpu: share((last[3] - first[3]) / 100),
    missed: Number.isNaN(last[4]) ? null : last[4],
  };
}
