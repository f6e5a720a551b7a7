import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { SkbookError } from "../../lib/errors/index.js";

const exec = promisify(execFile);

/** Where Jupyter looks for kernels and extensions of this user. */
export function userData(): string {
  const data = process.env.JUPYTER_DATA_DIR;
  if (data !== undefined && data !== "") return data;
  if (process.platform === "darwin") return join(homedir(), "Library/Jupyter");
  return join(process.env.XDG_DATA_HOME || join(homedir(), ".local/share"), "jupyter");
}

/** Where a Jupyter that is installed below a prefix looks for them. */
export function dataBelow(prefix: string): string {
  return join(resolve(prefix), "share/jupyter");
}

/** Of such a folder, the one for kernels. */
export function kernelsIn(data: string): string {
  return join(data, "kernels");
}

/** Of such a folder, the one for extensions of JupyterLab that need no build. */
export function labextensionsIn(data: string): string {
  return join(data, "labextensions");
}

/** The prefix of the Python that is first on the PATH. */
export async function pythonPrefix(): Promise<string> {
  try {
    return (
      await exec("python3", ["-c", "import sys; print(sys.prefix)"], { timeout: 30_000 })
    ).stdout.trim();
  } catch (error) {
    throw new SkbookError({
      code: "NO_PYTHON",
      tried: "ask python3 for its prefix",
      failed:
        (error as NodeJS.ErrnoException).code === "ENOENT"
          ? "there is no python3 on the PATH"
          : String(error),
      todo: "put the Python of your Jupyter first on the PATH, or give its prefix: --prefix DIR",
      cause: error,
    });
  }
}

/** The folders that a Jupyter of this machine may find kernels and extensions below, the likeliest first. */
export async function placesOfJupyter(): Promise<string[]> {
  const named = (process.env.JUPYTER_PATH ?? "").split(delimiter).filter((path) => path !== "");
  const prefix = await pythonPrefix().catch(() => undefined);
  const prefixes = [...(prefix === undefined ? [] : [prefix]), "/usr/local", "/usr"];
  return [...new Set([...named, userData(), ...prefixes.map(dataBelow)])];
}
