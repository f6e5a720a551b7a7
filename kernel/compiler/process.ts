import { startupSnapshot } from "node:v8";
import type { Catalogue } from "./catalogue.js";
import type { CellFile } from "./cell-file.js";
import { Cells } from "./cells.js";
import type { Values } from "./columns.js";
import { CompileError } from "./compile-error.js";
import { importOf } from "./imports.js";
import { type Answer, type Compiling, greeting, type Question, type Variables } from "./messages.js";
import { prelude } from "./prelude.js";
import { complete, completeness, inspect } from "./questions.js";

// The program of the compiler's process. Run for a snapshot, it ends with all libraries read and checked.

/** Cells compiled ahead: each makes the engine's code for the next one better. */
const warmUps = { reading: 3, idle: 12 };

/** Between two of them when idle: a cell that is there already goes first. */
const pauseMs = 50;

const cells = new Cells();
const compiled = new Map<number, CellFile>();
let count = 0;
let catalogue: Catalogue = new Map();
const known = (variables: Variables): Values => ({ variables: new Map(variables), catalogue });

const answers: Compiling = {
  open: (folder) => cells.open(folder),
  compile: (code) => {
    const { cell, ...rest } = withHint(() => cells.compile(code));
    compiled.set(++count, cell);
    return { ...rest, cell: count, names: [...cell.names] };
  },
  add: (number, unset) => {
    const cell = compiled.get(number);
    compiled.delete(number);
    if (cell !== undefined) cells.add(cell, unset);
  },
  warm: () => cells.warm(),
  complete: (code, offset, variables) => complete(cells, code, offset, known(variables)),
  inspect: (code, offset, variables) => inspect(cells, code, offset, known(variables)),
  completeness,
  know: (all) => {
    catalogue = new Map(all);
  },
};

/** A name that only lacks its import is told it. */
function withHint<Result>(compile: () => Result): Result {
  try {
    return compile();
  } catch (error) {
    const missing = error instanceof CompileError ? error.missing : [];
    const lines = missing.map((name) => importOf(name, catalogue)).filter((line) => line !== undefined);
    if (error instanceof CompileError && lines.length > 0)
      error.message += `\nput in front: ${lines.join(" ")}`;
    throw error;
  }
}

function warmUp(): void {
  cells.add(cells.compile("{ const warm = { up: 1 }; console.log(warm.up); }").cell, []);
}

function answer({ id, ask, args }: Question): Answer {
  try {
    return { id, value: (answers[ask] as (...args: unknown[]) => unknown)(...args) };
  } catch (error) {
    const { name, message, stack } = error as Error;
    return { id, failed: { name, message, stack } };
  }
}

function serve(): void {
  // The kernel's business, which is signalled with all that it has started: it ends this process by leaving it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
  process.on("disconnect", () => process.exit(0));
  // Whoever has left needs no answer.
  const send = (answer: Answer) => process.send?.(answer, undefined, undefined, () => undefined);
  process.on("message", (question: Question) => send(answer(question)));
  send({ greeting });
  let left = warmUps.idle;
  const idle = () => {
    warmUp();
    if (--left > 0) setTimeout(idle, pauseMs);
  };
  setTimeout(idle, pauseMs);
}

for (let index = 0; index < warmUps.reading; index++) warmUp();
cells.add(cells.compile(prelude).cell, []);
if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.setDeserializeMainFunction(serve);
else serve();
