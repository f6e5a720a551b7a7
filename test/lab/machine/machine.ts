import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type MachineParts, machineCommand } from "./command.js";
import { Monitor } from "./monitor.js";
import { watched } from "./watchdog.js";

/** Consoles of the last runs are kept here. */
const consoles = resolve("out", "lab");
const keptConsoles = 20;

/** A QEMU that runs until {@link Machine.end}, or until this process does. */
export interface Machine {
  monitor: Monitor;
  /** Of 127.0.0.1, forwarded to the machine's sshd. */
  port: number;
  /** Temporary, removed at the end. */
  folder: string;
  /** What the machine's kernel said. */
  console: string;
  /** Of QEMU. */
  pid: number;
  end(): Promise<void>;
}

/** Starts a machine: from its kernel, or from where a saved one stopped. */
export async function startMachine(name: string, parts: MachineParts, saved?: string): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), "skbook-lab-"));
  const console = await consoleFile(name);
  const files = { console, monitor: join(folder, "monitor"), pid: join(folder, "pid") };
  const restore = saved === undefined ? [] : ["-incoming", `exec:zstd -q -dc ${saved}`];
  const end = watched(folder, [...machineCommand(parts, files), ...restore]);
  try {
    await until(30, "QEMU's monitor", () => existsSync(files.pid) && existsSync(files.monitor));
    const monitor = await Monitor.open(files.monitor);
    if (saved !== undefined) await runs(monitor);
    return {
      monitor,
      port: await forwardedPort(monitor),
      folder,
      console,
      pid: Number(await readFile(files.pid, "utf8")),
      end,
    };
  } catch (error) {
    const said = await readFile(join(folder, "qemu.log"), "utf8").catch(() => "");
    await end();
    throw new Error(`the machine ${name} did not start: ${said}`, { cause: error });
  }
}

/** Saves a running machine's memory and devices, and ends it. What its root file system holds is in the image by then. */
export async function saveMachine({ monitor }: Machine, file: string): Promise<void> {
  await monitor.do("migrate-set-parameters", { "max-bandwidth": 4 * 2 ** 30 });
  await monitor.do("migrate", { uri: `exec:zstd -q -1 > ${file}` });
  const status = async () => ((await monitor.do("query-migrate")) as { status: string }).status;
  await until(120, "the saved state", async () => {
    const now = await status();
    if (now === "failed") throw new Error("QEMU could not save the machine");
    return now === "completed";
  });
  await monitor.do("quit").catch(() => {});
}

/** Waits until a condition holds, looking every 50 ms. */
export async function until(
  seconds: number,
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${seconds} s`);
    await new Promise((later) => setTimeout(later, 50));
  }
}

/** A restored machine runs when all of it has been read; until then `cont` is no use. */
async function runs(monitor: Monitor): Promise<void> {
  await until(60, "the restored machine", async () => {
    const { status } = (await monitor.do("query-status")) as { status: string };
    return status === "running";
  });
}

async function forwardedPort(monitor: Monitor): Promise<number> {
  const said = await monitor.say("info usernet");
  const port = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(said)?.[1];
  if (port === undefined) throw new Error(`QEMU forwards no port:\n${said}`);
  return Number(port);
}

/** A new file for each run; old ones go. */
async function consoleFile(name: string): Promise<string> {
  await mkdir(consoles, { recursive: true });
  const all = (await readdir(consoles)).filter((file) => file.endsWith(".console")).sort();
  for (const file of all.slice(0, Math.max(0, all.length + 1 - keptConsoles))) {
    await rm(join(consoles, file), { force: true });
  }
  const time = new Date().toISOString().replaceAll(":", "-");
  return join(consoles, `${time}-${name}-${process.pid}.console`);
}
