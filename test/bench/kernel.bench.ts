import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeSnapshot } from "../../kernel/compiler/index.js";
import { packageRoot } from "../../kernel/package.js";
import { KernelClient } from "../../kernel/run/index.js";
import type { Connection } from "../../kernel/wire/index.js";
import type { Figure } from "./figure.js";

const rounds = 3;
const cells = 30;
const declaring = 100;
/** Imported before completion and inspection are timed. */
const modules =
  "fs path os net http https crypto util events stream zlib dns tls url vm readline dgram child_process assert timers".split(
    " ",
  );

/** A peer of 95 MB that nothing but this benchmark needs: fetched when it is run. */
const denoVersion = "2.9.6";

/** Starts a kernel; `giveUp` ends one that does not answer. */
type Start = (giveUp: AbortSignal) => Promise<KernelClient>;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Kernels that speak tcp only. */
async function overTcp(giveUp: AbortSignal, command: [string, ...string[]]): Promise<KernelClient> {
  const [shell_port = 0, control_port = 0, iopub_port = 0, stdin_port = 0, hb_port = 0] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  const ports = { shell_port, control_port, iopub_port, stdin_port, hb_port };
  const connection: Connection = {
    transport: "tcp",
    ip: "127.0.0.1",
    key: randomUUID(),
    signature_scheme: "hmac-sha256",
    ...ports,
  };
  // Deno answers on its shell only.
  return KernelClient.launch(command, () => connection, packageRoot, process.env, ["shell"], giveUp);
}

function deno(): string {
  const folder = join(packageRoot, "out/deno");
  const program = join(folder, "node_modules/deno/deno");
  if (!existsSync(program)) {
    const install = ["install", "--silent", "--no-save", "--prefix", folder, `deno@${denoVersion}`];
    execFileSync("npm", install, { stdio: "inherit" });
    execFileSync(process.execPath, [join(folder, "node_modules/deno/install.cjs")], { stdio: "inherit" });
  }
  return program;
}

/** Resident memory of a process and all that it has started. */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const own = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return own + children.reduce((sum, child) => sum + residentBytes(child), 0);
}

interface Measured {
  ready: number;
  firstCell: number;
  rss: number;
  cell: number;
  typedImport: number;
  lateCell: number;
  completion: number;
  inspection: number;
}

/** What a peer may take for one step, such as its start, on a slow machine. */
const patienceMs = 120_000;

/** A step of a peer; one that says nothing is given up and named, since the others' figures are wanted all the same. */
async function step<T>(peer: string, what: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const silence = delay(patienceMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${peer} says nothing for ${patienceMs / 1000} s after ${what}`);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    silence.catch(() => undefined);
    over.abort();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function measure(peer: string, start: Start): Promise<Measured> {
  const begin = performance.now();
  const giveUp = AbortSignal.timeout(patienceMs);
  const kernel = await step(peer, "its start", start(giveUp));
  const ready = performance.now() - begin;
  try {
    return await measureRunning(peer, kernel, begin, ready);
  } finally {
    // tslab answers a shutdown request but may not end by it.
    kernel.kill();
    await kernel.shutdown();
  }
}

async function measureRunning(
  peer: string,
  kernel: KernelClient,
  begin: number,
  ready: number,
): Promise<Measured> {
  const run = (code: string) =>
    timed(() =>
      step(
        peer,
        code,
        kernel.execute(code, "bench", () => undefined),
      ),
    );
  const trivial = async () => {
    const latencies: number[] = [];
    for (let index = 0; index < cells; index++) latencies.push(await run(`${index} + 1`));
    return median(latencies);
  };
  await run("1 + 1");
  const firstCell = performance.now() - begin;
  const rss = residentBytes(kernel.pid as number);
  const cell = await trivial();
  for (let index = 0; index < declaring; index++) await run(`const of${index} = { value: ${index} };`);
  const lateCell = await trivial();
  const typedImport = await run('import * as skbook from "skbook"; typeof skbook.connect');
  for (const name of modules) await run(`import * as ${name}_ from "node:${name}";`);
  const asked = async (type: string, code: string) => {
    const latencies: number[] = [];
    for (let index = 0; index < 10; index++) {
      const content = { code: `${index}; ${code}`, cursor_pos: code.length + 3, detail_level: 0 };
      latencies.push(await timed(() => step(peer, type, kernel.request("shell", type, content))));
    }
    return median(latencies);
  };
  const completion = await asked("complete_request", "fs_.read");
  const inspection = await asked("inspect_request", "fs_.readFileSync");
  return { ready, firstCell, rss, cell, typedImport, lateCell, completion, inspection };
}

/** Start, latency and memory, against stock tslab and Deno's kernel; the three take turns. */
export default async function kernelBench(): Promise<Figure[]> {
  const starts: Record<string, Start> = {
    skbook: (giveUp) => KernelClient.start(packageRoot, process.env, giveUp),
    tslab: (giveUp) =>
      overTcp(giveUp, [
        process.execPath,
        join(packageRoot, "node_modules/tslab/bin/tslab"),
        "kernel",
        "--config-path",
      ]),
    deno: (giveUp) => overTcp(giveUp, [deno(), "jupyter", "--kernel", "--conn"]),
  };
  deno();
  // Made at the first start in the background, which would be measured with it.
  await makeSnapshot();
  const all = new Map(Object.keys(starts).map((name) => [name, [] as Measured[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, start] of Object.entries(starts)) {
      if (!all.has(name)) continue;
      try {
        all.get(name)?.push(await measure(name, start));
      } catch (error) {
        console.error(`given up: ${(error as Error).message}`);
        all.delete(name);
      }
    }
  }
  const of = (name: string, pick: (measured: Measured) => number) => median((all.get(name) ?? []).map(pick));
  const compare = (
    name: string,
    unit: string,
    pick: (measured: Measured) => number,
    peers: string[],
  ): Figure[] =>
    peers
      .filter((peer) => all.has(peer))
      .map((against) => ({
        name: `kernel.${name}`,
        value: Number(of("skbook", pick).toFixed(1)),
        unit,
        against,
        ratio: Number((of("skbook", pick) / of(against, pick)).toFixed(2)),
      }));
  const early = of("skbook", ({ cell }) => cell);
  return [
    ...compare("ready", "ms", ({ ready }) => ready, ["tslab", "deno"]),
    ...compare("first-cell-done", "ms", ({ firstCell }) => firstCell, ["tslab", "deno"]),
    ...compare("trivial-cell", "ms", ({ cell }) => cell, ["tslab", "deno"]),
    {
      name: "kernel.trivial-cell-after-100",
      value: Number(of("skbook", ({ lateCell }) => lateCell).toFixed(1)),
      unit: "ms",
      against: "its own before",
      ratio: Number((of("skbook", ({ lateCell }) => lateCell) / early).toFixed(2)),
    },
    ...compare("import-of-skbook", "ms", ({ typedImport }) => typedImport, ["deno"]),
    ...compare("completion-after-20-imports", "ms", ({ completion }) => completion, ["tslab"]),
    ...compare("inspection-after-20-imports", "ms", ({ inspection }) => inspection, ["tslab"]),
    ...compare("rss-after-first-cell", "MB", ({ rss }) => rss / 2 ** 20, ["tslab", "deno"]),
  ];
}
