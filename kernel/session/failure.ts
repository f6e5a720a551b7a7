import { inspect } from "node:util";
import { packageRoot } from "../package.js";

/** What the protocol says of an error: name, message, and the lines that a front end shows. */
export interface Failure {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Frames that are of no use to someone who looks for a mistake in a cell. */
const machinery = ["node:", `${packageRoot}/dist/kernel/`, "/tslab/dist/", "at new Promise (", "at process."];
const cellFrame = "evalmachine.<anonymous>";

/** An error as a front end shows it. Deliberate errors are read, not debugged: they get no frames of the library. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) {
    const text = inspect(error);
    return { ename: "Thrown", evalue: text, traceback: [`Thrown: ${text}`] };
  }
  const { name, message } = error;
  const frames = name === "CompileError" ? [] : framesOf(error, name === "SkbookError");
  return { ename: name, evalue: message, traceback: [`${name}: ${message}`, ...frames, ...causeOf(error)] };
}

export function interruptedFailure(error: unknown): Failure {
  const evalue =
    error instanceof Error && error.name === "SkbookError" ? error.message : "the cell was interrupted";
  return { ename: "Interrupted", evalue, traceback: [`Interrupted: ${evalue}`] };
}

function framesOf(error: Error, cellOnly: boolean): string[] {
  return (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .filter((line) => !machinery.some((part) => line.includes(part)))
    .filter((line) => !cellOnly || line.includes(cellFrame))
    .map((line) => line.replaceAll(cellFrame, "cell"));
}

function causeOf(error: Error): string[] {
  return error.cause instanceof Error ? [`caused by ${error.cause.name}: ${error.cause.message}`] : [];
}
