import type { Completion, Inspection } from "./answers.js";
import type { Catalogue } from "./catalogue.js";
import type { CellFile } from "./cell-file.js";
import { Cells, type CompiledCell } from "./cells.js";
import type { Values } from "./columns.js";
import { CompileError } from "./compile-error.js";
import { Executor, type Watch } from "./executor.js";
import { importOf } from "./imports.js";
import { type Guard, guardLoading, installModuleFallback } from "./modules.js";
import { prelude } from "./prelude.js";
import { type Completeness, complete, completeness, inspect } from "./questions.js";
import { Tracebacks } from "./traceback.js";

/** Cells compiled before the first one of the user; each takes some milliseconds. */
const warmUps = 12;

export interface CellToRun {
  code: string;
  /** How tracebacks call it. */
  label: string;
  watch: Watch;
  /** Called when the cell is compiled and its code begins to run. */
  started(): void;
  /** Called when the code has returned to the event loop for the first time. */
  suspended(): void;
}

/** Cells of one notebook: compiled and run one after another, each seeing what the earlier ones declared. */
export interface Language {
  /**
   * Compiles and starts a cell, and resolves to the value of its last expression, undefined if there is none; rejects
   * with what the cell threw or with a CompileError.
   */
  execute(cell: CellToRun): Promise<unknown>;
  /** Stops waiting for the running cell: `execute` rejects. Code of the cell that still waits can't be ended. */
  abandon(): void;
  /** Readies what answers questions about code, which would otherwise look at newly imported packages when asked. */
  warm(): void;
  complete(code: string, offset: number): Completion;
  /** What stands at the offset, undefined if there is nothing to say. */
  inspect(code: string, offset: number): Inspection | undefined;
  completeness(code: string): Completeness;
  /** Tells what cells can import of this package: names that aren't imported are offered, and columns of what functions return. */
  know(catalogue: Catalogue): void;
  /** Where in the cells an error came from: the line, marked, and the frames; `wanted` chooses among other frames. */
  traceback(error: Error, wanted: (frame: string) => boolean): string[];
}

/**
 * Opens the language in the current folder; takes half a second for the compiler's first program. `guard` hears of
 * every module that is loaded.
 */
export function openLanguage(guard: Guard): Language {
  installModuleFallback();
  guardLoading(guard);
  const folder = process.cwd();
  const cells = new Cells(folder);
  const executor = new Executor(folder);
  const tracebacks = new Tracebacks();
  const { scope } = executor;
  const values: Values = { scope, catalogue: new Map() };
  // The first cells would wait for all that the compiler reads, and for the engine to make its code fast.
  for (let index = 0; index < warmUps; index++) {
    cells.add(cells.compile("const warm = { up: 1 }; console.log(warm.up)").cell, ["warm"]);
  }

  cells.add(cells.compile(prelude).cell, []);

  /** Declarations that the cell did not reach: whoever reads the name means the earlier one. */
  const unreached = (
    names: ReadonlyMap<string, string>,
    before: ReadonlyMap<string, unknown>,
    failed: boolean,
  ) =>
    [...names].flatMap(([name, kind]) => {
      const same = before.has(name) && Object.is(before.get(name), scope[name]);
      const missing = !Object.hasOwn(scope, name);
      return (kind === "value" && missing) || (failed && kind !== "type" && (missing || same)) ? [name] : [];
    });

  /** A name that only lacks its import is told it. */
  const compile = (code: string): CompiledCell => {
    try {
      return cells.compile(code);
    } catch (error) {
      const missing = error instanceof CompileError ? error.missing : [];
      const lines = missing
        .map((name) => importOf(name, values.catalogue))
        .filter((line) => line !== undefined);
      if (error instanceof CompileError && lines.length > 0)
        error.message += `\nput in front: ${lines.join(" ")}`;
      throw error;
    }
  };

  let abandoned = 0;

  /** Waits for what a cell imports; a cell that is given up meanwhile must not run when it has come. */
  const unlessAbandoned = async (loading: Promise<unknown>, cell: CellFile) => {
    const before = abandoned;
    try {
      await loading;
      if (abandoned !== before) throw new Error("the cell was abandoned");
    } catch (error) {
      cells.add(cell, cell.names.keys());
      throw error;
    }
  };

  return {
    async execute({ code, label, watch, started, suspended }) {
      const compiled = compile(code);
      const loading = executor.load(compiled);
      if (loading !== undefined) await unlessAbandoned(loading, compiled.cell);
      const { names } = compiled.cell;
      const known = [...names.keys()].filter((name) => Object.hasOwn(scope, name));
      const before = new Map(known.map((name) => [name, scope[name]]));
      const id = tracebacks.register(label, code, compiled);
      started();
      // Before the first microtask of the cell, and not before the machinery around it has returned.
      queueMicrotask(suspended);
      const running = executor.run(compiled, id, watch);
      let failed = true;
      try {
        const result = await running;
        failed = false;
        return result?.value;
      } finally {
        cells.add(compiled.cell, unreached(names, before, failed));
      }
    },
    abandon: () => {
      abandoned++;
      executor.abandon();
    },
    warm: () => cells.warm(),
    complete: (code, offset) => complete(cells, code, offset, values),
    inspect: (code, offset) => inspect(cells, code, offset, values),
    completeness,
    know: (catalogue) => {
      values.catalogue = catalogue;
    },
    traceback: (error, wanted) => tracebacks.describe(error.stack ?? "", wanted),
  };
}
