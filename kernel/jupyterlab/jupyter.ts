import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { environmentWith } from "./environment.js";

const exec = promisify(execFile);

const oldest = 4;
const requirements = ["jupyterlab>=4.2,<5"];

/** The folder for what skbook keeps for a user: $XDG_DATA_HOME/skbook, else ~/.local/share/skbook. */
export const dataFolder = join(process.env.XDG_DATA_HOME || join(homedir(), ".local/share"), "skbook");

/** How JupyterLab is started: a program and its first arguments. */
export type Command = [file: string, ...args: string[]];

/** The JupyterLab on the PATH when it is version 4 or newer, else one of skbook's own, made on first use. */
export async function findJupyterLab(say: (line: string) => void, signal: AbortSignal): Promise<Command> {
  const version = await jupyterLabOnPath(signal);
  if (version !== undefined && isNewEnough(version)) {
    say(`using JupyterLab ${version} of the PATH`);
    return ["jupyter", "lab"];
  }
  const why =
    version === undefined ? "no JupyterLab on the PATH" : `JupyterLab ${version} is older than ${oldest}`;
  say(`${why}: using one of skbook's own`);
  const { python } = await environmentWith(join(dataFolder, "jupyterlab"), requirements, say, signal);
  return [python, "-m", "jupyterlab"];
}

/** Whether skbook works with this version of JupyterLab. */
export function isNewEnough(version: string): boolean {
  return Number.parseInt(version, 10) >= oldest;
}

/** The version of the JupyterLab on the PATH. */
export async function jupyterLabOnPath(signal?: AbortSignal): Promise<string | undefined> {
  try {
    const { stdout } = await exec("jupyter", ["lab", "--version"], { timeout: 60_000, signal });
    return /^\d+\.\S+/m.exec(stdout)?.[0];
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
