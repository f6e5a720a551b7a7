import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SkbookError } from "../../lib/errors/index.js";

const exec = promisify(execFile);

/** A Python that can make virtual environments. */
export interface Python {
  executable: string;
  /** Like `3.11`. */
  version: string;
}

/** The first one of the PATH may be a user's own build without the modules that the system's one has. */
const candidates = ["python3", "/usr/bin/python3"];
const oldest = 9;

const probe = `
import ensurepip, json, sys, venv
print(json.dumps([sys.executable, *sys.version_info[:2]]))
`;

/** Finds a Python 3.9 or newer with venv and pip. Errors: `NO_PYTHON` with what each candidate lacks. */
export async function findPython(): Promise<Python> {
  const lacks: string[] = [];
  for (const candidate of candidates) {
    try {
      const { stdout } = await exec(candidate, ["-c", probe], { timeout: 30_000 });
      const [executable, major, minor] = JSON.parse(stdout) as [string, number, number];
      if (major === 3 && minor >= oldest) return { executable, version: `${major}.${minor}` };
      lacks.push(`${candidate} is Python ${major}.${minor}`);
    } catch (error) {
      lacks.push(`${candidate}: ${lastLineOf(error)}`);
    }
  }
  throw new SkbookError({
    code: "NO_PYTHON",
    tried: `find a Python 3.${oldest} or newer with the modules venv and ensurepip`,
    failed: lacks.join("; "),
    todo: "install Python with venv (Debian, Ubuntu: apt install python3-venv), or JupyterLab 4 itself",
  });
}

/** Python says last what went wrong. */
function lastLineOf(error: unknown): string {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
  if (code === "ENOENT") return "not found";
  return (stderr || message).trim().split("\n").at(-1) ?? "";
}
