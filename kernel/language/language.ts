import { createRequire } from "node:module";
import type * as TslabConverter from "tslab/dist/converter.js";
import type * as TslabExecutor from "tslab/dist/executor.js";
import type * as TslabInspect from "tslab/dist/inspect.js";
import { CompileError } from "./compile-error.js";
import { ts } from "./compiler.js";
import { type Guard, guardLoading, installModuleFallback } from "./modules.js";
import { prepare } from "./prepass.js";

const require = createRequire(import.meta.url);
const { createConverter, isCompleteCode } = require("tslab/dist/converter.js") as typeof TslabConverter;
const { createExecutor } = require("tslab/dist/executor.js") as typeof TslabExecutor;
const { printQuickInfo } = require("tslab/dist/inspect.js") as typeof TslabInspect;

export interface Completion {
  matches: string[];
  start: number;
  end: number;
}

export type Completeness = { status: "complete" | "invalid" } | { status: "incomplete"; indent: string };

/** Cells of one notebook: compiled and run one after another, each seeing what the earlier ones declared. */
export interface Language {
  /**
   * Compiles and starts a cell, and resolves to the value of its last expression; rejects with what the cell threw
   * or with a {@link CompileError}. `started` is called between compiling and running.
   */
  execute(code: string, started?: () => void): Promise<unknown>;
  /** Stops waiting for the running cell: `execute` rejects. Code of the cell that still waits can't be ended. */
  abandon(): void;
  complete(code: string, offset: number): Completion;
  /** Signature and documentation of what stands at the offset, undefined if there is nothing to say. */
  inspect(code: string, offset: number): string | undefined;
  completeness(code: string): Completeness;
}

/**
 * Opens the language in the current folder; takes a second or two for the compiler's first program. `guard` hears
 * of every module that is loaded.
 */
export function openLanguage(guard: Guard): Language {
  installModuleFallback();
  guardLoading(guard);
  const converter = createConverter();
  let value: unknown;
  let thrown: unknown;
  let onStart: (() => void) | undefined;

  const convert: TslabConverter.Converter["convert"] = (declarations, code) => {
    const prepared = prepare(code);
    const result = converter.convert(declarations, prepared.code);
    if (result.diagnostics.length > 0) {
      throw new CompileError(
        code,
        result.diagnostics.map(({ start, end, messageText, fileName }) => {
          const from = prepared.origin(start.offset);
          return {
            start: from,
            length: prepared.origin(end.offset) - from,
            message: messageText,
            file: fileName,
          };
        }),
      );
    }
    onStart?.();
    // tslab looks for awaits that it knows; a cell that always runs as an async function needs no such guess.
    return { ...result, hasToplevelAwait: true };
  };
  const cells = { ...converter, convert };
  const executor = createExecutor(
    process.cwd(),
    { node: cells, browser: cells, close: () => converter.close() },
    { log: (result) => (value = result), error: (error) => (thrown = error) },
  );

  return {
    async execute(code, started) {
      value = undefined;
      onStart = started;
      if (await executor.execute(code)) return value;
      throw thrown;
    },
    abandon: () => executor.interrupt(),
    complete(code, offset) {
      const { candidates, start, end } = executor.complete(code, offset);
      return { matches: candidates, start, end };
    },
    inspect(code, offset) {
      const info = executor.inspect(code, offset) as ReturnType<typeof executor.inspect> | undefined;
      const text = info && printQuickInfo(info);
      return text === "any" || text === "" ? undefined : text;
    },
    completeness(code) {
      const { completed, indent } = isCompleteCode(code);
      if (!completed) return { status: "incomplete", indent: indent ?? "" };
      const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest) as {
        parseDiagnostics?: unknown[];
      };
      return { status: file.parseDiagnostics?.length ? "invalid" : "complete" };
    },
  };
}
