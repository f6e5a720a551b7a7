import { expect, test } from "vitest";
import { Cells } from "../../kernel/compiler/cells.js";
import { CompileError } from "../../kernel/compiler/compile-error.js";

/** Each sees what the ones before it declare; some are wrong, and must be so in the same way. */
const notebook = [
  "const one = 1;",
  "one + 1",
  "one.wrong",
  "const one = 'again'; one.length",
  "one * 2",
  "const rows = [];",
  "rows.push({ name: one }); rows[0].name.length",
  "for (const row of rows) console.log(row.nothing)",
  "function twice(value: number) { return value * 2; }",
  "twice('2')",
  "twice(2)",
  "type Row = { a: number }; const row: Row = { a: 1 };",
  "type Row = { b: string }; const other: Row = row;",
  "const other: Row = { a: 2 }; other.a",
  "interface Known { a: number } interface Known { b: number } const both: Known = { a: 1, b: 2 };",
  "both.c",
  "import { readFileSync } from 'node:fs';",
  "readFileSync('x', 7)",
  "readFileSync('x', 'utf8').length",
  "declare global { interface Array<T> { own(): T } }",
  "[1].own().toFixed()",
  "[1].own().wrong",
  "const text: import('node:url').URL = 1;",
  "class Base { private hidden = 1; shown = 2 } class Next extends Base {}",
  "new Next().hidden + new Next().shown",
  "enum Colour { Red, Green } const colour: Colour = Colour.Red;",
  "colour.toUpperCase()",
  "if (",
  "let later: number | undefined; later = 3;",
  "later.toFixed()",
  "// @ts-expect-error: it is wrong\nlater.wrong",
  "// @ts-expect-error: it is not\ntwice(1)",
  "await Promise.resolve(one)",
  "nowhere + 1",
  "namespace Inner { export const value = 1; } Inner.value",
  "Inner.nothing",
  "var { a, ...rest } = { a: 1, b: 2 }; rest.b",
  "rest.a",
];

interface Verdict {
  complaint?: string;
  javascript?: string;
}

function compileAll(cells: Cells, codes: readonly string[]): Verdict[] {
  return codes.map((code) => {
    try {
      const { cell, javascript } = cells.compile(code);
      cells.add(cell, []);
      return { javascript: javascript.replace(/\s*\/\/ from\s*$/, "") };
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      return { complaint: error.message.split("\n")[0] ?? "" };
    }
  });
}

const trimmed = ({ javascript, complaint }: Verdict) => complaint ?? javascript?.trim();

test("cells are checked, and become the same, by the program of the cell before as by one of their own", () => {
  // More than there are places in a program.
  const codes = [...notebook, ...notebook, ...notebook];
  // Beside this word a cell gets a program of its own.
  const own = compileAll(
    new Cells(),
    codes.map((code) => `${code}\n// from`),
  );
  const shared = compileAll(new Cells(), codes);
  expect(shared.map(trimmed)).toEqual(own.map(trimmed));
  expect(shared.filter(({ complaint }) => complaint !== undefined).length).toBeGreaterThan(30);
});
