import { SkbookError } from "../../../errors/index.js";

/** Where a line stands: `/home/ann/.ssh/config:12`. */
export type Place = string;

/** The error of a configuration that OpenSSH would refuse, too. */
export function unreadable(place: Place, failed: string, cause?: unknown): SkbookError {
  return new SkbookError({
    code: "SSH_CONFIG_UNREADABLE",
    tried: `read ${place}`,
    failed,
    todo: "correct the file (ssh -G HOST says whether OpenSSH takes it), give another one as config, or config: false",
    cause,
  });
}

/** The error of a line that OpenSSH reads, and skbook can't follow: what it says must not be passed over. */
export function unsupported(place: Place, failed: string): SkbookError {
  return new SkbookError({
    code: "SSH_CONFIG_UNSUPPORTED",
    tried: `follow ${place}`,
    failed,
    todo: "give connect() a configuration without it as config, or config: false and what is needed as options",
  });
}

/** A line of a configuration, as ssh_config(5) takes it apart. */
export interface Line {
  /** In lower case. */
  keyword: string;
  /** What stands behind the keyword, as it is. */
  rest: string;
  place: Place;
}

const space = " \t\r\n";

/** null for an empty line and a comment. */
export function parseLine(text: string, place: Place): Line | null {
  const trimmed = text.replace(/[ \t\r\n\f]+$/, "");
  let [keyword, rest] = nextDelimited(trimmed);
  // White space at the beginning is an empty word.
  if (keyword === "" && rest !== undefined) [keyword, rest] = nextDelimited(rest);
  if (keyword === undefined || keyword === "" || keyword.startsWith("#")) return null;
  const name = keyword.toLowerCase();
  const value = rest === undefined ? "" : rest.slice(lengthOf(rest, space));
  if (value === "") throw unreadable(place, `no argument after the keyword "${name}"`);
  return { keyword: name, rest: value, place };
}

/**
 * The next word, up to white space or one `=` (OpenSSH's strdelim), and what is left; the word is undefined where a quote
 * isn't closed or nothing is left.
 */
export function nextDelimited(
  text: string | undefined,
): [word: string | undefined, rest: string | undefined] {
  if (text === undefined) return [undefined, undefined];
  const at = text.search(/[ \t\r\n"=]/);
  if (at < 0) return [text, undefined];
  const before = text.slice(0, at);
  if (text[at] === '"') {
    const end = text.indexOf('"', at + 1);
    if (end < 0) return [undefined, undefined];
    const behind = text.slice(end + 1);
    return [before + text.slice(at + 1, end), behind.slice(lengthOf(behind, space))];
  }
  let rest = text.slice(at + 1);
  rest = rest.slice(lengthOf(rest, space));
  if (text[at] !== "=" && rest.startsWith("=")) {
    rest = rest.slice(1);
    rest = rest.slice(lengthOf(rest, space));
  }
  return [before, rest];
}

/** The words of a text, with quotes and backslashes (OpenSSH's argv_split); one that begins with `#` begins a comment. */
export function wordsOf(text: string, place: Place): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const sign = text[at] as string;
    if (sign === " " || sign === "\t") {
      at += 1;
      continue;
    }
    if (sign === "#") break;
    const [word, end] = wordAt(text, at, place);
    words.push(word);
    at = end;
  }
  return words;
}

function wordAt(text: string, start: number, place: Place): [word: string, end: number] {
  let quote = "";
  let word = "";
  let at = start;
  for (; at < text.length; at += 1) {
    const sign = text[at] as string;
    const next = text[at + 1] ?? "";
    if (sign === "\\" && (next === "'" || next === '"' || next === "\\" || (quote === "" && next === " "))) {
      word += next;
      at += 1;
    } else if (quote === "" && (sign === " " || sign === "\t")) break;
    else if (quote === "" && (sign === '"' || sign === "'")) quote = sign;
    else if (sign === quote) quote = "";
    else word += sign;
  }
  if (quote !== "") throw unreadable(place, "a quote is not closed");
  return [word, at];
}

function lengthOf(text: string, of: string): number {
  let length = 0;
  while (length < text.length && of.includes(text[length] as string)) length += 1;
  return length;
}
