import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { packageRoot } from "../../kernel/package.js";
import { KernelClient } from "../../kernel/run/index.js";
import type { Connection } from "../../kernel/wire/index.js";
import type { Figure } from "./figure.js";

const starts = 3;
const cells = 30;

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

/** Stock tslab speaks tcp only. */
async function startTslab(): Promise<KernelClient> {
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
  const command = [join(packageRoot, "node_modules/tslab/bin/tslab"), "kernel", "--config-path"];
  return KernelClient.launch(command, () => connection, packageRoot, process.env);
}

interface Times {
  ready: number;
  firstCell: number;
  cell: number;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function measure(start: () => Promise<KernelClient>): Promise<Times> {
  const begin = performance.now();
  const kernel = await start();
  const ready = performance.now() - begin;
  const run = (code: string) => timed(() => kernel.execute(code, "bench", () => undefined));
  await run("1 + 1");
  const firstCell = performance.now() - begin;
  const latencies: number[] = [];
  for (let index = 0; index < cells; index++) latencies.push(await run(`${index} + 1`));
  // tslab answers a shutdown request but may not end by it.
  kernel.kill();
  await kernel.shutdown();
  return { ready, firstCell, cell: median(latencies) };
}

/** Start of the kernel and latency of a trivial cell, against stock tslab; the two take turns. */
export default async function kernelBench(): Promise<Figure[]> {
  const ours: Times[] = [];
  const theirs: Times[] = [];
  for (let round = 0; round < starts; round++) {
    ours.push(await measure(() => KernelClient.start(packageRoot)));
    theirs.push(await measure(startTslab));
  }
  const compare = (name: string, pick: (times: Times) => number): Figure => {
    const [value, other] = [median(ours.map(pick)), median(theirs.map(pick))];
    return {
      name,
      value: Number(value.toFixed(1)),
      unit: "ms",
      against: "tslab",
      ratio: Number((value / other).toFixed(2)),
    };
  };
  return [
    compare("kernel.ready", ({ ready }) => ready),
    compare("kernel.first-cell-done", ({ firstCell }) => firstCell),
    compare("kernel.trivial-cell", ({ cell }) => cell),
  ];
}
