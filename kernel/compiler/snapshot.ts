import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { createRequire } from "node:module";
import { constants, setPriority } from "node:os";
import { dirname, join } from "node:path";
import { codeFolder, isOwn } from "../cache.js";
import { compilerProgram, packageDependencies, packageRoot, program } from "../package.js";

/** Takes a few seconds; a lock older than twice this was left by somebody who was killed. */
const buildMs = 120_000;
/** So many are kept: of other versions of Node, or of this package. */
const keptSnapshots = 4;
const suffix = ".blob";

/**
 * Where the startup snapshot of the compiler is, or is to be: for this very Node, this package and the packages that it
 * has declarations of. Undefined where nothing is to be kept (`SKBOOK_CACHE_BYTES` is 0), or it can't be.
 */
export function snapshotPath(): string | undefined {
  const folder = codeFolder("compiler");
  return folder && join(folder, `${process.version}-${identity()}${suffix}`);
}

/** The snapshot, where it is there. */
export function findSnapshot(): string | undefined {
  const path = snapshotPath();
  if (path === undefined) return undefined;
  try {
    if (!isOwn(path)) return undefined;
    const now = new Date();
    utimesSync(path, now, now);
    return path;
  } catch {
    return undefined;
  }
}

/** Makes the snapshot, where it is not there; resolves to its path, undefined where it is being made elsewhere. @throws Error saying why it can't be made */
export async function makeSnapshot(): Promise<string | undefined> {
  const path = snapshotPath();
  if (path === undefined) throw new Error("the cache folder can't be written to, or SKBOOK_CACHE_BYTES is 0");
  const found = findSnapshot();
  if (found !== undefined) return found;
  const lock = `${path}.lock`;
  if (!lockUp(lock)) return undefined;
  const partial = `${path}.${process.pid}`;
  try {
    await ended(spawnNode(["--snapshot-blob", partial, "--build-snapshot", compilerProgram], "ignore"));
    await answers(spawnNode(["--snapshot-blob", partial], "ipc"));
    chmodSync(partial, 0o600);
    renameSync(partial, path);
    evict(path);
    return path;
  } finally {
    rmSync(partial, { force: true });
    rmSync(lock, { force: true });
  }
}

/** Has a process of its own make the snapshot, for the next start. */
export function makeSnapshotLater(): void {
  const path = snapshotPath();
  if (path === undefined) return;
  const child = spawn(process.execPath, [program, "snapshot"], {
    stdio: "ignore",
    detached: true,
    env: environment(),
  });
  child.on("error", () => undefined);
  child.unref();
}

/** `skbook snapshot`, which kernels start: makes the snapshot at the lowest priority. */
export async function snapshot(): Promise<number> {
  setPriority(constants.priority.PRIORITY_LOW);
  await makeSnapshot();
  return 0;
}

/** What NODE_OPTIONS asks for is for cells; a snapshot fits only the flags with which it was made. */
export function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...rest } = process.env;
  return rest;
}

function spawnNode(args: string[], channel: "ipc" | "ignore"): ChildProcess {
  return spawn(process.execPath, args, {
    stdio: ["ignore", "ignore", "pipe", channel],
    env: environment(),
    timeout: buildMs,
  });
}

async function ended(child: ChildProcess): Promise<void> {
  let said = "";
  child.stderr?.on("data", (chunk) => (said = `${said}${chunk}`.slice(-2000)));
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  if (code !== 0) throw new Error(`Node could not make a snapshot (${code}): ${said.trim()}`);
}

/** The process of a snapshot says that it is there, and ends when it is left alone. */
async function answers(child: ChildProcess): Promise<void> {
  child.once("message", () => child.disconnect());
  await ended(child);
}

function identity(): string {
  const hash = createHash("sha256");
  const node = realpathSync(process.execPath);
  const { size, mtimeMs } = statSync(node);
  hash.update(JSON.stringify([process.version, process.arch, node, size, mtimeMs, packageRoot]));
  hash.update(readFileSync(compilerProgram));
  const types = join(packageRoot, "dist/types");
  for (const name of readdirSync(types).sort()) hash.update(readFileSync(join(types, name)));
  const { resolve } = createRequire(join(packageRoot, "package.json"));
  for (const name of packageDependencies) {
    const folder = resolve.paths(name)?.map((path) => join(path, name, "package.json")) ?? [];
    for (const path of folder) {
      try {
        hash.update(readFileSync(path));
        break;
      } catch {
        // It is in a folder further up.
      }
    }
  }
  return hash.digest("hex").slice(0, 32);
}

function lockUp(lock: string): boolean {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      closeSync(openSync(lock, "wx", 0o600));
      return true;
    } catch {
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (age < 2 * buildMs) return false;
      rmSync(lock, { force: true });
    }
  }
  return false;
}

/** Removes those that were used the longest ago, and what somebody who was killed has left half made. */
function evict(path: string): void {
  const folder = dirname(path);
  const files = readdirSync(folder)
    .map((name) => join(folder, name))
    .map((file) => ({ file, used: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.used - a.used);
  const made = files.filter(({ file }) => file.endsWith(suffix));
  const left = files.filter(({ file, used }) => !file.endsWith(suffix) && Date.now() - used > 2 * buildMs);
  for (const { file } of [...made.slice(keptSnapshots), ...left]) rmSync(file, { force: true });
}
