import { execa } from "execa";

/** Runs a text of Perl on one CPU, the first by default; it ends by itself after a minute, whatever becomes of the test. */
export function start(text: string, cpu = 0): { pid: number; end(): Promise<void> } {
  const run = execa("taskset", ["-c", String(cpu), "perl", "-e", `alarm 60; ${text}`], { reject: false });
  if (run.pid === undefined) throw new Error("it was not started");
  const end = async () => {
    run.kill("SIGKILL");
    await run;
  };
  return { pid: run.pid, end };
}

/** Lets a process go first wherever others don't have as high a priority. */
export async function makeRealTime(pid: number, priority: number): Promise<void> {
  await execa("chrt", ["-f", "-p", String(priority), String(pid)]);
}
