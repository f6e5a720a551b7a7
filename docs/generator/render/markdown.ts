/** A Markdown table; cells become one line each. Empty without rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function cell(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim();
}

/** A word of a program, as it may stand in a table's cell. */
export function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}

/** The first sentence of a text. */
export function firstSentence(text: string): string {
  // Not within code.
  return /^(?:`[^`]*`|[^`])*?[.:](?=\s|$)/.exec(text)?.[0].replace(/:$/, ".") ?? text;
}

/** Parts of a page, with a blank line between them. */
export function parts(...texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join("\n\n");
}
