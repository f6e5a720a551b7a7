import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { onPath } from "../fixtures/needs.js";
import { type LiveHost, startLiveHost } from "../scene/live-host.js";
import type { Trouble } from "../scene/trouble.js";

interface Notebook {
  cells: { id: string; outputs?: Output[] }[];
}

interface Output {
  output_type: string;
  data?: Record<string, unknown>;
}

const command = (name: string, ...args: string[]) => [
  ...[process.execPath, "dist/kernel/main.js", "run", `notebooks/${name}.ipynb`],
  ...args,
];

/** A notebook as a run wrote it. */
export function outputsOf(path: string, cell: string): Output[] {
  return (
    (JSON.parse(readFileSync(path, "utf8")) as Notebook).cells.find(({ id }) => id === cell)?.outputs ?? []
  );
}

/** What a cell shows first, as text. */
export function textOf(path: string, cell: string): string {
  const data = outputsOf(path, cell)[0]?.data;
  return [data?.["text/plain"] ?? data?.["text/markdown"]].flat().join("");
}

/** Runs a notebook as it stands, where no program is on the PATH and, where we may, there is no network at all. Writes `target`. */
export async function runAlone(notebook: string, target: string): Promise<void> {
  await alone(join(target, ".."), [
    process.execPath,
    resolve("dist/kernel/main.js"),
    "run",
    notebook,
    "-o",
    target,
  ]);
}

/** Replays a notebook with no program on the PATH and, where we may, no network at all. Writes `target` and `target`.html. */
export async function replay(name: string, kase: string, target: string, ...more: string[]): Promise<void> {
  const args = command(name, "--replay", kase, "-o", target, "--html", `${target}.html`, ...more);
  await alone(join(target, ".."), args);
}

async function alone(home: string, args: string[]): Promise<void> {
  const unshared = process.getuid?.() === 0 && onPath("unshare");
  const [file = "", ...rest] = unshared ? ["/usr/bin/unshare", "--net", ...args] : args;
  await execa(file, rest, {
    env: { PATH: join(home, "nothing-here"), HOME: home, TMPDIR: tmpdir() },
    extendEnv: false,
  });
}

/** Runs a notebook in its scene, with its trouble, and records the case. */
export async function recordLive(
  name: string,
  startTrouble: (live: LiveHost) => Promise<Trouble>,
  kase: string,
  target: string,
  ...more: string[]
): Promise<void> {
  const host = await startLiveHost("sknb");
  try {
    const trouble = await startTrouble(host);
    try {
      const [file = "", ...args] = command(name, "--record", kase, "-o", target, ...more);
      await execa(file, args, { env: { HOME: host.home } });
    } finally {
      await trouble.stop();
    }
  } finally {
    await host.stop();
  }
}

/** The rows of a table in a text, as lists of words; rows begin as `first` says. */
export function rows(text: string, first: RegExp): string[][] {
  return text
    .split("\n")
    .filter((line) => first.test(line))
    .map((line) => line.trim().split(/\s{2,}/));
}
