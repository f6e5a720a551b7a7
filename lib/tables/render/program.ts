import type { Json } from "../../cases/index.js";

/** What a command is given as a program of its own: `bpftrace -e PROGRAM`. */
const programFlag = "-e";

/** The program that a command was given; undefined where it has none. */
export function programIn(command: Json | undefined): string | undefined {
  const words = wordsOf(command);
  const at = isOfBpftrace(words) ? words.lastIndexOf(programFlag) : -1;
  return at < 0 ? undefined : words[at + 1];
}

/** A command as one would type it, the program left out; undefined where there is none. */
export function commandOf(command: Json | undefined): string | undefined {
  if (typeof command === "string") return command;
  const words = wordsOf(command);
  if (words.length === 0) return undefined;
  const at = isOfBpftrace(words) ? words.lastIndexOf(programFlag) : -1;
  const shown = at < 0 ? words : [...words.slice(0, at + 1), "PROGRAM", ...words.slice(at + 2)];
  return shown.map(quoted).join(" ");
}

/** How bpftrace is started, whatever it is called on the host. */
const asStarted = ["-f", "json", "-B", "line"].join("\0");

/** Of other programs `-e` means something else. */
function isOfBpftrace(words: readonly string[]): boolean {
  return words.includes("bpftrace") || words.join("\0").includes(asStarted);
}

/** A word as a shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function wordsOf(command: Json | undefined): string[] {
  return Array.isArray(command) ? command.map(String) : [];
}
