import { access, constants, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { kernelEnvironment } from "../../lib/cell/index.js";
import { SkbookError } from "../../lib/errors/index.js";
import { kernelIdentity } from "../install/index.js";
import { formatNotebook, type Notebook, readNotebook, writeWhole } from "../notebook/index.js";
import { languageInfo } from "../session/index.js";
import { UsageError } from "../usage-error.js";
import { KernelClient } from "./client.js";
import { type RunOptions, readRunOptions, runHelp } from "./options.js";
import { Progress } from "./progress.js";
import { Runner } from "./runner.js";

/** `skbook run`: resolves to the exit code. */
export async function run(args: string[]): Promise<number> {
  const options = readRunOptions(args);
  if (options.help) {
    process.stdout.write(runHelp);
    return 0;
  }
  const notebook = await readNotebook(options.notebook);
  if (options.parameters.length > 0) {
    const { injectParameters } = await import("./parameters.js");
    injectParameters(notebook, options.parameters);
  }
  await checkPaths(options);
  const replay = await caseOf(options);
  Object.assign(notebook.metadata, {
    kernelspec: kernelIdentity,
    language_info: languageInfo,
  });
  const passed = await runCells(notebook, { ...options, replay });
  if (options.output !== undefined) {
    await writeWhole(options.output, formatNotebook(notebook));
    process.stderr.write(`wrote ${options.output}\n`);
  }
  if (options.html !== undefined) {
    const { pageOf } = await import("../html/index.js");
    await writeWhole(options.html, await pageOf(notebook, basename(options.notebook, ".ipynb")));
    process.stderr.write(`wrote ${options.html}\n`);
  }
  return passed ? 0 : 1;
}

async function runCells(notebook: Notebook, options: RunOptions): Promise<boolean> {
  const starting = new AbortController();
  let runner: Runner | undefined;
  const stop = () => (runner === undefined ? starting.abort() : runner.stop());
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    const folder = dirname(resolve(options.notebook));
    const kernel = await KernelClient.start(folder, environmentOf(options), starting.signal);
    try {
      runner = new Runner(notebook, kernel, new Progress());
      return await runner.run(options.timeout);
    } finally {
      await kernel.shutdown();
    }
  } catch (error) {
    if (!starting.signal.aborted) throw error;
    throw new SkbookError({
      code: "INTERRUPTED",
      tried: `start a kernel for ${options.notebook}`,
      failed: "it was interrupted",
      todo: "run it again; no cell has run, and nothing was written",
      cause: error,
    });
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

/** The library takes the mode of its cases from the environment. */
function environmentOf({ record, replay }: RunOptions): NodeJS.ProcessEnv {
  const all = kernelEnvironment();
  const { SKBOOK_RECORD: _record, SKBOOK_REPLAY: _replay, ...given } = all;
  const environment = { ...given, SKBOOK_STARTED_IN: process.cwd() };
  if (record !== undefined) return { ...environment, SKBOOK_RECORD: resolve(record) };
  if (replay !== undefined) return { ...environment, SKBOOK_REPLAY: replay };
  return { ...all, ...environment };
}

/** Finds out before an hour of cells has run that the results could not be written. */
async function checkPaths({ output, html }: RunOptions): Promise<void> {
  for (const path of [output, html]) {
    if (path === undefined) continue;
    await access(dirname(resolve(path)), constants.W_OK).catch((error: Error) => {
      throw new UsageError(`cannot write ${path}: ${error.message}`);
    });
  }
}

/**
 * The case that is to answer: a folder as an absolute path, since the kernel works in the notebook's; else a name, by which the library
 * finds those that skbook brings along.
 */
async function caseOf({ replay }: RunOptions): Promise<string | undefined> {
  if (replay === undefined) return undefined;
  const folder = resolve(replay);
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (isFolder) return folder;
  if (replay === basename(replay)) return replay;
  throw new UsageError(`--replay ${replay}: there is no such folder: ${folder}`);
}
