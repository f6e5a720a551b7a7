import { readdirSync, readFileSync } from "node:fs";

const pageBytes = 4096;

/** Follows the memory of this process and all that it started: their resident sets added up, shared pages counted for each. */
export function peakMemory(): { reset(): void; stop(): number } {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, treeBytes(process.pid));
  }, 200);
  return {
    reset() {
      peak = 0;
    },
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}

function treeBytes(root: number): number {
  const parents = new Map<number, number>();
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    const stat = read(`/proc/${pid}/stat`);
    if (stat !== "") parents.set(pid, Number(stat.replace(/.*\) \S /, "").split(" ")[0]));
  }
  const belongs = (pid: number): boolean =>
    pid === root || (parents.has(pid) && belongs(parents.get(pid) as number));
  const residents = [...parents.keys()]
    .filter(belongs)
    .map((pid) => Number(read(`/proc/${pid}/statm`).split(" ")[1] ?? 0));
  return residents.reduce((sum, pages) => sum + pages, 0) * pageBytes;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It ended meanwhile.
    return "";
  }
}
