/** A command line as one word list for a login shell: every argument quoted, whatever it holds. */
export function shellLine(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

/** A program of awk as one line: a login shell may not be able to quote more than one. */
export function oneLine(program: string): string {
  return program.replaceAll(/\n\s*/g, " ").trim();
}
