import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SkbookError } from "../../lib/errors/index.js";
import { findPython } from "./python.js";

/** A virtual environment of Python with its packages in it. */
export interface Environment {
  folder: string;
  /** Its Python; programs of its packages are run as `python -m NAME`. */
  python: string;
}

/**
 * A private virtual environment with the given packages; makes it when it isn't there yet, which takes the network
 * and about half a minute.
 *
 * @param base folder for environments; there is one for each set of requirements and version of Python
 * @param requirements as pip takes them, like `jupyterlab>=4.2,<5`
 * @param say gets a line about each step that takes time
 * @param signal ends the making, of which nothing is left then
 *
 * Errors: `NO_PYTHON`, `ENVIRONMENT_FAILED`.
 */
export async function environmentWith(
  base: string,
  requirements: readonly string[],
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<Environment> {
  const python = await findPython();
  // Programs in an environment hold its absolute path, so a copy of it is not it.
  const identity = JSON.stringify([resolve(base), python.executable, python.version, requirements]);
  const key = createHash("sha256").update(identity).digest("hex").slice(0, 12);
  const folder = join(resolve(base), `python${python.version}-${key}`);
  await removeHalfMade(folder);
  if (!existsSync(folder)) await make(folder, python.executable, requirements, say, signal);
  return { folder, python: join(folder, "bin/python") };
}

/** A link gets the folder's name when the environment is whole: what stopped half-way is never taken for it. */
async function make(
  folder: string,
  python: string,
  requirements: readonly string[],
  say: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const made = `${folder}.${process.pid}.${randomUUID().slice(0, 8)}`;
  try {
    await mkdir(dirname(folder), { recursive: true });
    say(`making a virtual environment in ${folder}`);
    await run(python, ["-m", "venv", made], signal);
    say(`installing ${requirements.join(", ")} into it, once`);
    const pip = ["-m", "pip", "install", "--quiet", "--no-input", "--progress-bar=off"];
    await run(join(made, "bin/python"), [...pip, "--disable-pip-version-check", ...requirements], signal);
    // A link whose folder was removed is in the way.
    if (!existsSync(folder)) await rm(folder, { force: true });
    await symlink(basename(made), folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Removes what processes that are no more have left of this environment. */
async function removeHalfMade(folder: string): Promise<void> {
  const prefix = `${basename(folder)}.`;
  const names = await readdir(dirname(folder)).catch(() => []);
  const left = names.filter(
    (name) => name.startsWith(prefix) && !isAlive(Number.parseInt(name.slice(prefix.length), 10)),
  );
  // Looked at after its maker was seen dead: nobody makes it whole any more.
  if (existsSync(folder)) return;
  for (const name of left) await rm(join(dirname(folder), name), { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function run(command: string, args: string[], signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  // Both venv and pip say in their own words on stdout or stderr what is wrong; quiet else. They start processes of their own, which
  // their group has in it.
  const child = spawn(command, args, { stdio: ["ignore", 2, 2], detached: true });
  const stop = () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  signal?.addEventListener("abort", stop, { once: true });
  const [code, ended] = await once(child, "close").finally(() => signal?.removeEventListener("abort", stop));
  signal?.throwIfAborted();
  if (code === 0) return;
  throw new SkbookError({
    code: "ENVIRONMENT_FAILED",
    tried: `${command} ${args.join(" ")}`,
    failed: `it ended with ${ended ?? `exit code ${code}`}; its own words are above`,
    todo: "see that the Python package index is reached (proxy, PIP_INDEX_URL) and that the disk has 300 MB free",
  });
}
