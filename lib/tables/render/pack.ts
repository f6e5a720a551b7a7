import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Packed, packedValue } from "../shown/index.js";
import { isOfQuery, type Shown } from "./shown.js";

/** Rows of a page's table at most, in characters of JSON: some cells hold a program. */
const mostCharacters = 2_000_000;

/** What a page's table is made of, as JSON that nothing in it can end. All rows are kept in the kernel where these aren't all. */
export function packed(shown: Shown): string {
  const { columns, rows, total, empty, provenance, digest, keep } = shown;
  const json = rowsJson(rows);
  const whole = rows.length === total && json.count === total;
  const facts: Packed = {
    columns: columns.map(({ name, type, unit, meaning }) => ({ name, type, ...(unit && { unit }), meaning })),
    empty: empty ?? columns.map((_, index) => rows.every((row) => (row[index] ?? null) === null)),
    ...(isOfQuery(shown) ? { asInQuery: true } : {}),
    total,
    rows: gzipSync(json.text, { level: 9 }).toString("base64"),
  };
  if (!whole && keep !== undefined) {
    // Of the content, so that a replay's output is the same, and a page never gets another table's rows.
    const content = JSON.stringify([facts.columns, total, provenance, digest ?? digestOf(rows)]);
    facts.id = createHash("sha256").update(content).digest("hex").slice(0, 32);
    keep(facts.id);
  }
  return JSON.stringify(facts).replaceAll("<", "\\u003c");
}

export function digestOf(rows: Shown["rows"]): string {
  const hash = createHash("sha256");
  for (const row of rows) hash.update(JSON.stringify(row.map(packedValue)));
  return hash.digest("hex");
}

function rowsJson(rows: Shown["rows"]): { text: string; count: number } {
  const lines: string[] = [];
  let length = 0;
  for (const row of rows) {
    const line = JSON.stringify(row.map(packedValue));
    length += line.length;
    if (length > mostCharacters) break;
    lines.push(line);
  }
  return { text: `[${lines.join(",")}]`, count: lines.length };
}
