import type ts from "typescript";
import { type Completion, type Inspection, maxMatches } from "./answers.js";
import { type ColumnText, columnTextAt, typeOf, type Values } from "./columns.js";

/** Names of columns and, in a query, of its tables; behind `drops.` those of that one. */
export function completeColumn(
  { tables, isQuery }: ColumnText,
  code: string,
  { start, end }: { start: number; end: number },
): Completion {
  const word = code.slice(start, end).toLowerCase();
  const qualifier = /(\w+)\.$/.exec(code.slice(0, start))?.[1];
  const one = qualifier === undefined ? undefined : tables.get(qualifier);
  const columns = (one === undefined ? [...tables.values()] : [one]).flat();
  const names = isQuery && one === undefined ? [...tables.keys()] : [];
  // JupyterLab shows of a type what fits into one line.
  const all = [
    ...columns.map((column) => ({
      text: column.name,
      type: typeOf(column).replaceAll(" ", "\u00a0"),
      signature: "",
    })),
    ...names.map((text) => ({ text, type: "table", signature: "" })),
  ];
  const matches = all.filter(
    ({ text }, at) =>
      text.toLowerCase().startsWith(word) && all.findIndex((other) => other.text === text) === at,
  );
  return { matches: matches.slice(0, maxMatches), start, end };
}

/** The column that a text names at the offset; in several tables where they have one of that name. */
export function inspectColumn(
  source: ts.SourceFile,
  code: string,
  offset: number,
  values: Values,
): Inspection | undefined {
  const text = [offset, offset + 1, offset - 1]
    .map((at) => columnTextAt(source, at, values))
    .find((one) => one !== undefined);
  if (text === undefined) return undefined;
  const before = /\w*$/.exec(code.slice(0, offset))?.[0] ?? "";
  const name = `${before}${/^\w*/.exec(code.slice(offset))?.[0] ?? ""}`;
  const found = [...text.tables].flatMap(([table, columns]) =>
    columns
      .filter((column) => column.name.toLowerCase() === name.toLowerCase())
      .map((column) => ({ table, column })),
  );
  if (found.length === 0) return undefined;
  const several = text.tables.size > 1;
  return {
    signature: found
      .map(({ table, column }) => `(column) ${several ? `${table}.` : ""}${column.name}: ${typeOf(column)}`)
      .join("\n"),
    documentation: [...new Set(found.map(({ column }) => column.meaning))].join("\n\n"),
  };
}
