/**
 * A command line as one word list for a login shell: every argument quoted, whatever it holds, for sh, csh and fish alike. fish takes a backslash between
 * quotes for an escape, csh knows a history there: both stand outside of them. csh can't quote a newline: words that have one are put together by sh.
 */
export function shellLine(command: readonly string[]): string {
  if (!command.some((word) => word.includes("\n"))) return command.map(quoted).join(" ");
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''").replaceAll("\n", "'\"$n\"'")}'`);
  const together = 'n=$(printf "\\012."); n=${n%.}; eval "set -- $1"; exec "$@"';
  return ["sh", "-c", together, "skbook", words.join(" ")].map(quoted).join(" ");
}

function quoted(word: string): string {
  return `'${word.replaceAll(/['\\!]/g, (sign) => `'\\${sign}'`)}'`;
}

/** A program of awk as one line: a login shell may not be able to quote more than one. */
export function oneLine(program: string): string {
  return program.replaceAll(/\n\s*/g, " ").trim();
}
