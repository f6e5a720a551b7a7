import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot, program } from "../../../kernel/package.js";
import type { Lab } from "../lab.js";

/** A notebook that runs in a kernel of its own, as `skbook run` has it. */
export interface Notebook {
  /** Of `skbook run`. */
  pid: number;
  /** Of its kernel; undefined before that runs. */
  kernel(): number | undefined;
  /** Whether its kernel has a connection to the host. */
  connected(): boolean;
  /** Resolves when `skbook run` has ended. */
  ended: Promise<unknown>;
  /** Ends what is left of it, frozen or not, and removes its files. */
  end(): Promise<void>;
}

/** Starts a notebook of one cell that connects to a lab host and does something there. */
export function startNotebook({ destination, options, config }: Lab, work: string): Notebook {
  const port = Number(/^ *Port (\d+)$/m.exec(readFileSync(config, "utf8"))?.[1]);
  // In the package's own folder, where cells find zod.
  const folder = mkdtempSync(join(packageRoot, "out", "kill-"));
  const source = `import { capture, connect, dropEvents } from "skbook";
import { defineCounts } from "skbook/probe";
import { z } from "zod";
const host = await connect(${JSON.stringify(destination)}, ${JSON.stringify(options)});
${work}`;
  const cell = { cell_type: "code", id: "work", metadata: {}, execution_count: null, outputs: [], source };
  const path = join(folder, "kill.ipynb");
  writeFileSync(path, JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  const child = spawn(process.execPath, [program, "run", path, "-o", join(folder, "out.ipynb")], {
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  return {
    pid: child.pid as number,
    kernel: () => kernelOf(child),
    connected: () => hasConnection(kernelOf(child), port),
    ended,
    async end() {
      const kernel = kernelOf(child);
      if (kernel !== undefined) process.kill(kernel, "SIGKILL");
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function kernelOf({ pid }: ChildProcess): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    return children
      .map(Number)
      .find((one) => readFileSync(`/proc/${one}/cmdline`, "utf8").includes("--connection-file"));
  } catch {
    return undefined;
  }
}

/** Whether a process has an established TCP connection to a port of 127.0.0.1. */
function hasConnection(pid: number | undefined, port: number): boolean {
  if (pid === undefined) return false;
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = readFileSync("/proc/net/tcp", "utf8").trim().split("\n");
  const inodes = lines
    .map((line) => line.trim().split(/ +/))
    .filter(([, , to, state]) => to === remote && state === "01")
    .map((fields) => `socket:[${fields[9]}]`);
  return openFiles(pid).some((file) => inodes.includes(file));
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(join(folder, fd))];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
