import type { MimeBundle } from "../../cell/index.js";
import { escapeHtml } from "../../html/index.js";
import { type Entry, sentenceOf } from "../entry.js";
import { callHtml, marked, plain, tableHtml } from "./markup.js";

/** One entry with all that is known of it; `others` are named below. */
export function entryBundle(entry: Entry, others: readonly Entry[] = []): MimeBundle {
  const see = others.map(({ name }) => name);
  const seeHtml = see.length === 0 ? "" : `<p><small>See also ${escapeHtml(see.join(", "))}</small></p>`;
  const head = `<p><b><code>${escapeHtml(entry.name)}</code></b> <small>${kindOf(entry)}</small></p>`;
  return {
    "text/html": `<div class="skbook-help">${head}<p>${marked(entry.text)}</p>${detailsHtml(entry)}${seeHtml}</div>`,
    "text/plain": [
      `${entry.name} (${kindOf(entry)})`,
      plain(entry.text),
      ...detailsText(entry),
      ...(see.length === 0 ? [] : [`See also ${see.join(", ")}`]),
    ].join("\n\n"),
  };
}

export function kindOf({ kind, from, page }: Entry): string {
  return kind === "finding" ? page : `${kind} of ${from} · ${page}`;
}

/** The call, then what it takes and what it returns: in a list on a click. */
export function detailsHtml(entry: Entry, inList = false): string {
  const [parameters, columns] = [parametersHtml(entry), columnsHtml(entry)];
  const folded = (title: string, of: readonly unknown[], table: string) =>
    inList && table !== ""
      ? `<details style="margin-left:8px"><summary>${of.length} ${title}</summary>${table}</details>`
      : table;
  return [
    callHtml(entry.call),
    folded("parameters", entry.parameters, parameters),
    folded("columns", entry.columns, columns),
  ].join("");
}

function parametersHtml({ parameters }: Entry): string {
  return tableHtml(
    ["parameter", "takes", "default", "meaning"],
    parameters.map(({ name, takes, default: usual, meaning }) => [
      `<code>${escapeHtml(name)}</code>`,
      escapeHtml(takes),
      usual === null ? "" : `<code>${escapeHtml(usual)}</code>`,
      marked(meaning),
    ]),
  );
}

function columnsHtml({ columns }: Entry): string {
  return tableHtml(
    ["column", "type", "unit", "meaning"],
    columns.map(({ name, type, unit, meaning }) => [
      `<code>${escapeHtml(name)}</code>`,
      escapeHtml(type),
      escapeHtml(unit ?? ""),
      marked(meaning),
    ]),
  );
}

function detailsText({ call, parameters, columns }: Entry): string[] {
  const list = (title: string, lines: string[]) => (lines.length === 0 ? [] : [[title, ...lines].join("\n")]);
  return [
    ...(call === "" ? [] : [call]),
    ...list(
      "Parameters:",
      parameters.map(({ name, takes, default: usual, meaning }) => {
        const facts = [takes, usual === null ? "" : `default ${usual}`].filter((fact) => fact !== "");
        return `  ${name}${facts.length === 0 ? "" : ` (${facts.join("; ")})`}: ${plain(meaning)}`;
      }),
    ),
    ...list(
      "Columns:",
      columns.map(
        ({ name, type, unit, meaning }) =>
          `  ${name} (${[type, ...(unit === null ? [] : [unit])].join(", ")}): ${plain(meaning)}`,
      ),
    ),
  ];
}

/** An entry in a list. */
export function lineText(entry: Entry, width: number): string {
  return `${entry.name.padEnd(width)}  ${plain(sentenceOf(entry))}`;
}
