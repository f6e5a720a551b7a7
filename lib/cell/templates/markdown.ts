import { Template } from "./template.js";

/** Markdown with its values escaped; {@link md} makes it. */
export class Markdown extends Template {
  /** @param plain the same with its values as they are, which is read as text. */
  constructor(
    text: string,
    readonly plain: string,
  ) {
    super(text, "text/markdown", plain);
  }
}

/**
 * Markdown that a cell shows: `` md`**${count}** drops at ${site}` ``. What is put in is text: of a value no character is Markdown or HTML.
 * Another {@link md} goes in as it is, a list item by item, null and undefined as nothing.
 *
 * @example md`Dropped at ${"tcp_v4_rcv"}: **${12}**`
 */
export function md(strings: TemplateStringsArray, ...values: unknown[]): Markdown {
  let made = "";
  let plain = "";
  for (const [at, text] of strings.entries()) {
    made += text;
    plain += text;
    if (at >= values.length) break;
    // Between backticks of its own an entity would be shown as it is written.
    const isCode = opensCode(made) && /^`(?!`)/.test(strings[at + 1] ?? "");
    made += isCode ? asCode(values[at]) : asText(values[at]);
    plain += asPlain(values[at]);
  }
  return new Markdown(made, plain);
}

/** Whether the text's last character begins code: where that is in doubt, it doesn't. */
function opensCode(text: string): boolean {
  const paragraph = text.slice(text.lastIndexOf("\n\n") + 1);
  const line = paragraph.slice(paragraph.lastIndexOf("\n") + 1);
  const backticks = (part: string) => part.split("`").length - 1;
  // Two in a row are code of another kind; one behind a backslash is none.
  if (!line.endsWith("`") || /``|\\`/.test(paragraph)) return false;
  return backticks(line) % 2 === 1 && backticks(paragraph) % 2 === 1;
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Markdown) return String(value);
  if (Array.isArray(value)) return value.map(asText).join("");
  // An entity is never structure, in no dialect; of a line break nothing is left that could begin a block.
  return oneLine(value).replace(/[^\p{L}\p{N} ,;]/gu, (character) => `&#${character.codePointAt(0)};`);
}

function asPlain(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Markdown) return value.plain;
  if (Array.isArray(value)) return value.map(asPlain).join("");
  return oneLine(value);
}

/** What stands between two backticks is shown as it is, until the next backtick or the end of the paragraph. */
function asCode(value: unknown): string {
  // Two backticks with nothing between them begin code of another kind.
  return oneLine(value ?? "").replaceAll("`", "'") || " ";
}

function oneLine(value: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return String(value).replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, " ");
}
