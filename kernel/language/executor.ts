import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as TslabExecutor from "tslab/dist/executor.js";
import { injected, type ReadyCell } from "../compiler/index.js";
import { notebookImport, provide, unrequirable } from "./modules.js";

/** Called from the code of a cell: at every turn of a loop, and where one of its functions is entered. */
export interface Watch {
  loop(): void;
  enter(): void;
}

/** What the emitted code of a cell works with. */
interface Run extends Watch {
  scope: Record<string, unknown>;
  meta: ImportMeta;
  import: ReturnType<typeof notebookImport>;
  result: { value: unknown } | undefined;
}

const key = Symbol.for("skbook.run");
const header = [
  `"use strict"; const ${injected.run} = globalThis[Symbol.for("skbook.run")]`,
  `${injected.loop} = ${injected.run}.loop`,
  `${injected.enter} = ${injected.run}.enter; exports = ${injected.run}.scope;\n`,
].join(", ");
/** Lines before the first one of a cell's JavaScript. */
export const headerLines = 1;

/** Of tslab, what runs code; it is bundled without its compiler, since one is enough. */
function loadTslab(): typeof TslabExecutor {
  return createRequire(import.meta.url)("#tslab");
}

/** Runs compiled cells, one after another, in a scope that they share. */
export class Executor {
  /** The variables of all cells. */
  readonly scope: Record<string, unknown> = {};
  readonly #folder: string;
  readonly #import: ReturnType<typeof notebookImport>;
  readonly #tslab: TslabExecutor.Executor;
  #next: { output: string; sources: ReadyCell["sources"] } = { output: "", sources: [] };
  #thrown: unknown;

  constructor(folder: string) {
    this.#folder = folder;
    this.#import = notebookImport(folder);
    const cells = {
      // The cell is compiled already; tslab asks all the same.
      convert: () => ({
        output: this.#next.output,
        declOutput: "",
        diagnostics: [],
        hasToplevelAwait: true,
        sideOutputs: this.#next.sources,
      }),
    } as unknown as TslabExecutor.ConverterSet["node"];
    this.#tslab = loadTslab().createExecutor(
      folder,
      { node: cells, browser: cells, close: () => undefined },
      { log: () => undefined, error: (error: unknown) => (this.#thrown = error) },
    );
  }

  /** Loads what a cell imports and what can't be loaded in its course; undefined where there is nothing to wait for. */
  load({ imports }: ReadyCell): Promise<unknown> | undefined {
    const folder = this.#folder;
    const late = imports.length === 0 ? [] : unrequirable(folder, imports);
    if (late.length === 0) return undefined;
    const load = (specifier: string) => this.#import(createRequire(join(folder, "cell.js")), specifier);
    return Promise.all(late.map((specifier) => provide(folder, specifier, load)));
  }

  /** Starts a cell; resolves to its last expression's value in a box, or rejects with what it threw. */
  async run({ javascript, sources }: ReadyCell, id: string, watch: Watch): Promise<Run["result"]> {
    const run: Run = {
      ...watch,
      scope: this.scope,
      meta: this.#meta(),
      import: this.#import,
      result: undefined,
    };
    Object.assign(globalThis, { [key]: run });
    this.#next = { output: `${header}${javascript}\n//# sourceURL=${id}`, sources };
    this.#thrown = undefined;
    if (await this.#tslab.execute("")) return run.result;
    throw this.#thrown;
  }

  abandon(): void {
    this.#tslab.interrupt();
  }

  /** The notebook as a module; its name is known where Jupyter tells it. */
  #meta(): ImportMeta {
    const filename = join(this.#folder, basename(process.env.JPY_SESSION_NAME ?? "notebook.ipynb"));
    const resolve = (specifier: string) => {
      const found = createRequire(filename).resolve(specifier);
      return found.startsWith("/") ? pathToFileURL(found).href : found;
    };
    return { dirname: this.#folder, filename, url: pathToFileURL(filename).href, resolve } as ImportMeta;
  }
}
