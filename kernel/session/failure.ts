import { inspect } from "node:util";
import { printable } from "../../lib/html/index.js";
import { packageRoot } from "../package.js";

/** What the protocol says of an error: name, message, and the lines that a front end shows. */
export interface Failure {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Frames that are of no use to someone who looks for a mistake in a cell. */
const machinery = [
  ...["node:", `${packageRoot}/dist/kernel/`, `${packageRoot}/dist/vendor/tslab.cjs`],
  ...["at new Promise (", "at process."],
];

/** Says where in the cells an error came from; `wanted` chooses among the frames that are not of cells. */
export type Traceback = (error: Error, wanted: (frame: string) => boolean) => string[];

/** An error as a front end shows it. Deliberate errors are read, not debugged: they get no frames of the library. */
export function failureOf(error: unknown, traceback: Traceback): Failure {
  if (!(error instanceof Error)) {
    const text = printable(inspect(error));
    return { ename: "Thrown", evalue: text, traceback: [`Thrown: ${text}`] };
  }
  const [name, message] = [printable(error.name), printable(error.message)];
  const wanted = (frame: string) => name !== "SkbookError" && !machinery.some((part) => frame.includes(part));
  const frames = name === "CompileError" ? [] : traceback(error, wanted);
  return {
    ename: name,
    evalue: message,
    traceback: [`${name}: ${message}`, ...frames, ...causeOf(error)].map(printable),
  };
}

export function interruptedFailure(error: unknown): Failure {
  const evalue =
    error instanceof Error && error.name === "SkbookError" ? error.message : "the cell was interrupted";
  return { ename: "Interrupted", evalue, traceback: [`Interrupted: ${evalue}`] };
}

function causeOf(error: Error): string[] {
  return error.cause instanceof Error ? [`caused by ${error.cause.name}: ${error.cause.message}`] : [];
}
