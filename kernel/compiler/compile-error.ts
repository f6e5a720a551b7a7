export interface Complaint {
  /** Offset in the cell's code, in UTF-16 units. */
  start: number;
  length: number;
  message: string;
  /** The file, where it is not the cell itself. */
  file: string | undefined;
}

/** The compiler refuses a cell; nothing of it has run. */
export class CompileError extends Error {
  override readonly name = "CompileError";

  constructor(
    message: string,
    /** Names that nothing declares. */
    readonly missing: readonly string[] = [],
  ) {
    super(message);
  }

  static of(code: string, complaints: readonly Complaint[]): CompileError {
    const missing = complaints.map(({ message }) => /^Cannot find name '([^']+)'/.exec(message)?.[1]);
    return new CompileError(complaints.map((complaint) => describe(code, complaint)).join("\n"), [
      ...new Set(missing.filter((name) => name !== undefined)),
    ]);
  }
}

/** "3:7 message", and below it the line with the place marked. */
function describe(code: string, { start, length, message, file }: Complaint): string {
  if (file !== undefined) return `${file}: ${message}`;
  const before = code.slice(0, start);
  const lineStart = before.lastIndexOf("\n") + 1;
  const number = before.split("\n").length;
  const line = code.slice(lineStart).split("\n", 1)[0] ?? "";
  const column = start - lineStart;
  const marks = "~".repeat(Math.max(1, Math.min(length, line.length - column)));
  return `${number}:${column + 1} ${message}\n    ${line}\n    ${" ".repeat(column)}${marks}`;
}
