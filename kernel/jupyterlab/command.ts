import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { SkbookError } from "../../lib/errors/index.js";
import { writeKernelspec, writeLabextension } from "../install/index.js";
import { packageRoot } from "../package.js";
import { dataFolder, findJupyterLab } from "./jupyter.js";

const help = `skbook jupyterlab [arguments of jupyter lab]

Starts JupyterLab in this folder with the kernel ready. Uses the JupyterLab on the PATH when it is version 4 or newer, else sets up
one in a virtual environment below ${dataFolder}, once. Ctrl-C ends it and its kernels.

Arguments are passed on, as in: skbook jupyterlab --no-browser --port 8890 notebooks/first-look.ipynb
`;

/** `skbook jupyterlab`: resolves to JupyterLab's exit code. */
export async function jupyterlab(args: string[]): Promise<number> {
  if (args[0] === "--help" || args[0] === "-h") {
    process.stdout.write(help);
    return 0;
  }
  const [file, ...first] = await findJupyterLab((line) => process.stderr.write(`skbook: ${line}\n`));
  // A user who is root has chosen to be, for the probes.
  const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
  const child = spawn(file, [...first, ...asRoot, ...args], {
    // In a group of its own, so that a terminal's Ctrl-C reaches it once, by this process.
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, JUPYTER_PATH: await jupyterPath() },
  });
  return supervise(child);
}

/** A path with this very kernel first, for this JupyterLab alone: what the user has installed stays as it is. */
async function jupyterPath(): Promise<string> {
  const key = createHash("sha256").update(packageRoot).digest("hex").slice(0, 12);
  const own = join(dataFolder, `jupyter-${key}`);
  const kernels = join(own, "kernels");
  await writeKernelspec(kernels);
  await writeLabextension(kernels);
  const given = process.env.JUPYTER_PATH ?? "";
  return given === "" ? own : own + delimiter + given;
}

/** Has the child stop at the first signal, kills it at the second; its kernels end with it. Resolves to its exit code. */
async function supervise(child: ChildProcess): Promise<number> {
  let stopping = false;
  // JupyterLab would ask back at an interrupt, and leave its kernels at a hang-up.
  const stop = () => {
    child.kill(stopping ? "SIGKILL" : "SIGTERM");
    stopping = true;
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal ?? "SIGTERM"];
  } catch (error) {
    throw new SkbookError({
      code: "JUPYTERLAB_FAILED",
      tried: `start ${child.spawnargs.join(" ")}`,
      failed: (error as Error).message,
      todo: "run that command in a terminal and see what it says",
      cause: error,
    });
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
