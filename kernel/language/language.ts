import {
  type Catalogue,
  type CompilerProcess,
  type Completeness,
  type Completion,
  columnsOf,
  type Inspection,
  type NameKind,
  type ReadyCell,
  type Variables,
} from "../compiler/index.js";
import { Executor, type Watch } from "./executor.js";
import { type Guard, guardLoading, installModuleFallback } from "./modules.js";
import { Tracebacks } from "./traceback.js";

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
  complete(code: string, offset: number): Promise<Completion>;
  /** What stands at the offset, undefined if there is nothing to say. */
  inspect(code: string, offset: number): Promise<Inspection | undefined>;
  completeness(code: string): Promise<Completeness>;
  /** Tells what cells can import of this package: names that aren't imported are offered, and columns of what functions return. */
  know(catalogue: Catalogue): void;
  /** Where in the cells an error came from: the line, marked, and the frames; `wanted` chooses among other frames. */
  traceback(error: Error, wanted: (frame: string) => boolean): string[];
}

/** Opens the language in the current folder. `guard` hears of every module that is loaded. */
export function openLanguage(compiler: CompilerProcess, guard: Guard): Language {
  installModuleFallback();
  guardLoading(guard);
  const folder = process.cwd();
  compiler.tell("open", folder);
  const executor = new Executor(folder);
  const tracebacks = new Tracebacks();
  const { scope } = executor;

  const variables = (): Variables =>
    Object.keys(scope).flatMap((name) => {
      const columns = columnsOf(scope[name]);
      return columns === undefined ? [] : [[name, columns]];
    });

  /** Declarations that the cell did not reach: whoever reads the name means the earlier one. */
  const unreached = (
    names: ReadonlyMap<string, NameKind>,
    before: ReadonlyMap<string, unknown>,
    failed: boolean,
  ) =>
    [...names].flatMap(([name, kind]) => {
      const same = before.has(name) && Object.is(before.get(name), scope[name]);
      const missing = !Object.hasOwn(scope, name);
      return (kind === "value" && missing) || (failed && kind !== "type" && (missing || same)) ? [name] : [];
    });

  let abandoned = 0;

  /** Compiles a cell and loads what it imports; a cell that is given up meanwhile must not run when that has come. */
  const ready = async (code: string): Promise<ReadyCell> => {
    const before = abandoned;
    const compiled = await compiler.ask("compile", code);
    try {
      if (abandoned === before) await executor.load(compiled);
      if (abandoned !== before) throw new Error("the cell was abandoned");
      return compiled;
    } catch (error) {
      compiler.tell("add", compiled.cell, namesOf(compiled));
      throw error;
    }
  };

  return {
    async execute({ code, label, watch, started, suspended }) {
      const compiled = await ready(code);
      const names = new Map(compiled.names);
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
        compiler.tell("add", compiled.cell, unreached(names, before, failed));
      }
    },
    abandon: () => {
      abandoned++;
      executor.abandon();
    },
    warm: () => compiler.tell("warm"),
    complete: (code, offset) => compiler.ask("complete", code, offset, variables()),
    inspect: (code, offset) => compiler.ask("inspect", code, offset, variables()),
    completeness: (code) => compiler.ask("completeness", code),
    know: (catalogue) => compiler.tell("know", [...catalogue]),
    traceback: (error, wanted) => tracebacks.describe(error.stack ?? "", wanted),
  };
}

function namesOf({ names }: ReadyCell): string[] {
  return names.map(([name]) => name);
}
