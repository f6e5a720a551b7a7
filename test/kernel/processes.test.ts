import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../fixtures/processes.js";
import { skbook, useFolder, writeNotebook } from "./fixtures.js";
import { Wiretap } from "./wiretap.js";

const folder = useFolder();
const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0).filter(alive)) process.kill(pid, "SIGKILL");
});

/** Code of a cell that starts a process of its own and says its number and the kernel's. */
function starting(file: string): string {
  return `
    import { spawn } from "node:child_process";
    import { writeFileSync } from "node:fs";
    const child = spawn("sleep", ["1000"], { stdio: "ignore" });
    writeFileSync(${JSON.stringify(file)}, JSON.stringify([process.pid, child.pid]));`;
}

/** The kernel and the process that its cell has started. */
async function pidsIn(file: string): Promise<[number, number]> {
  expect(await eventually(60, () => existsSync(file) && readFileSync(file, "utf8").endsWith("]"))).toBe(true);
  const pids = JSON.parse(readFileSync(file, "utf8")) as [number, number];
  started.push(...pids);
  expect(pids.filter(alive)).toEqual(pids);
  return pids;
}

/** Whether a process is there and not just waiting to be buried. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const cells: [string, string][] = [
  ["that has ended", ""],
  ["that waits", "await new Promise(() => {});"],
  ["that computes", "for (;;);"],
];

test.each(cells)("a shutdown ends the kernel and what a cell %s has started", async (title, then) => {
  const tap = new Wiretap();
  try {
    await tap.connected();
    const file = join(folder.path, `shutdown ${title}`);
    tap.send("shell", "execute_request", { code: `${starting(file)}\n${then}` });
    const pids = await pidsIn(file);
    const exited = once(tap.kernel, "exit");
    tap.send("control", "shutdown_request", { restart: false });
    await exited;
    expect(await eventually(1, () => !pids.some(alive))).toBe(true);
  } finally {
    await tap.end();
  }
});

test.each(cells.slice(0, 2))("SIGTERM does so too: a cell %s", async (title, then) => {
  const tap = new Wiretap();
  try {
    await tap.connected();
    const file = join(folder.path, `terminated ${title}`);
    tap.send("shell", "execute_request", { code: `${starting(file)}\n${then}` });
    const pids = await pidsIn(file);
    tap.kernel.kill("SIGTERM");
    expect(await eventually(10, () => !pids.some(alive))).toBe(true);
  } finally {
    await tap.end();
  }
});

test.each(cells.slice(1))("nothing outlives a client that is killed: a cell %s", async (title, then) => {
  const file = join(folder.path, `killed ${title}`);
  const notebook = writeNotebook(`${file}.ipynb`, [`${starting(file)}\n${then}`]);
  const client = skbook(["run", notebook]);
  const pids = await pidsIn(file);
  client.child.kill("SIGKILL");
  await client.done;
  expect(await eventually(10, () => !pids.some(alive))).toBe(true);
});

test("a kernel that crashes or has to be killed takes along what the cell has started", async () => {
  const file = join(folder.path, "stuck");
  const stuck = "setTimeout(() => { for (;;); }, 10); await new Promise(() => {});";
  const notebook = writeNotebook(`${file}.ipynb`, [`${starting(file)}\n${stuck}`]);
  const client = skbook(["run", notebook]);
  const pids = await pidsIn(file);
  client.child.kill("SIGINT");
  client.child.kill("SIGINT");
  await client.done;
  expect(await eventually(1, () => !pids.some(alive))).toBe(true);
});
