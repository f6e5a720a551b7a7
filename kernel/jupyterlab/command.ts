import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { kernelEnvironment } from "../../lib/cell/index.js";
import { SkbookError } from "../../lib/errors/index.js";
import { kernelsIn, labextensionsIn, writeKernelspec } from "../install/index.js";
import { writeLabextension } from "../labextension/index.js";
import { calledAs, packageRoot } from "../package.js";
import { UsageError } from "../usage-error.js";
import { Ending } from "./ending.js";
import { dataFolder, findJupyterLab } from "./jupyter.js";

/** How long JupyterLab may take to end its kernels. */
const patienceMs = 30_000;

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
  const ending = new Ending();
  try {
    const code = await start(args, ending);
    return ending.code ?? code;
  } catch (error) {
    // What was being done is cut short, which is no failure of it.
    if (ending.code !== undefined) return ending.code;
    throw error;
  } finally {
    ending.close();
  }
}

async function start(args: string[], ending: Ending): Promise<number> {
  const [notebook = ""] = args;
  // JupyterLab says so only after it has been set up.
  if (/^[^-].*\.ipynb$/.test(notebook) && !existsSync(notebook)) {
    throw new UsageError(`there is no ${resolve(notebook)}; ${calledAs} new writes a notebook to start from`);
  }
  const say = (line: string) => process.stderr.write(`skbook: ${line}\n`);
  const [file, ...first] = await findJupyterLab(say, ending.signal);
  const environment = {
    ...kernelEnvironment(),
    JUPYTER_PATH: await jupyterPath(),
    SKBOOK_STARTED_IN: process.cwd(),
  };
  ending.signal.throwIfAborted();
  // A user who is root has chosen to be, for the probes.
  const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
  const child = spawn(file, [...first, ...asRoot, ...args], {
    // In a group of its own, so that a terminal's Ctrl-C reaches it once, by this process.
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
    env: environment,
  });
  return supervise(child, ending);
}

/** A path with this very kernel and what draws its figures first, for this JupyterLab alone: what the user has installed stays as it is. */
async function jupyterPath(): Promise<string> {
  const key = createHash("sha256").update(packageRoot).digest("hex").slice(0, 12);
  const own = join(dataFolder, `jupyter-${key}`);
  await writeKernelspec(kernelsIn(own));
  await writeLabextension(labextensionsIn(own));
  const given = process.env.JUPYTER_PATH ?? "";
  return given === "" ? own : own + delimiter + given;
}

/** Has the child stop when told to, kills it when told again or when that takes too long; its kernels end with it. */
async function supervise(child: ChildProcess, ending: Ending): Promise<number> {
  let patience: NodeJS.Timeout | undefined;
  const kill = () => child.kill("SIGKILL");
  ending.signal.addEventListener("abort", () => {
    // JupyterLab would ask back at an interrupt, and leave its kernels at a hang-up.
    child.kill("SIGTERM");
    patience = setTimeout(kill, patienceMs);
  });
  ending.insisted.addEventListener("abort", kill);
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
    clearTimeout(patience);
  }
}
