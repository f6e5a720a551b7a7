/** A command line as one word list for a login shell: every argument quoted, whatever it holds. */
export function shellLine(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}
