import { escapeHtml } from "../../html/index.js";

/** Text of a doc comment as plain text: links are their names. */
export function plain(text: string): string {
  return text.replaceAll(/\{@link\s+([\w.]+)(?:[\s|]+([^}]+))?\}/g, (_, name: string, label?: string) =>
    label === undefined ? `\`${name}\`` : label,
  );
}

/** The same as HTML, paragraphs and code marked. */
export function marked(text: string): string {
  return escapeHtml(plain(text))
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\n{2,}/g, "<br><br>")
    .replaceAll(/\n- /g, "<br>• ");
}

/** A call to copy: one click selects all of it, without a script. */
export function callHtml(call: string): string {
  return call === ""
    ? ""
    : `<pre style="user-select:all;cursor:copy;text-align:left;white-space:pre-wrap;border:1px solid rgba(128,128,128,.35);border-radius:4px;padding:4px 8px;margin:4px 0" title="one click selects it">${escapeHtml(call)}</pre>`;
}

/** A table of texts, already HTML. Front ends right-align tables; words read from the left. */
export function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const left = ' style="text-align:left;vertical-align:top;padding:2px 10px 2px 0"';
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}${left}>${cell}</${tag}>`).join("")}</tr>`;
  return `<table style="margin:4px 0"><thead>${line(head, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table>`;
}
