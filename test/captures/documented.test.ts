import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, expect, test } from "vitest";
import { packageRoot } from "../../kernel/package.js";
import * as captures from "../../lib/captures/index.js";
import type { Column, Frame, Table } from "../../lib/index.js";
import { writeCapture } from "./build.js";
import { Talk } from "./talk.js";

type Analysis = (capture: captures.Capture) => Promise<Table | Frame>;

const folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every analysis that needs nothing but a capture, with the text of its doc comment. */
function analyses(): [name: string, text: string][] {
  const room = join(packageRoot, "lib/captures");
  const files = readdirSync(room, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(room, file), "utf8");
    const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    return statements.filter(isAnalysis).map((declaration): [string, string] => {
      const [comment] = ts.getJSDocCommentsAndTags(declaration);
      return [declaration.name?.text ?? "", ts.getTextOfJSDocComment(comment?.comment) ?? ""];
    });
  });
}

function isAnalysis(node: ts.Statement): node is ts.FunctionDeclaration {
  if (!ts.isFunctionDeclaration(node) || !((node.name?.text ?? "") in captures)) return false;
  const [first, ...others] = node.parameters.map((parameter) => parameter.getText());
  return (
    first === "capture: Capture" &&
    others.every((parameter) => /\?:| = /.test(parameter)) &&
    /^Promise<(Table|Frame)>$/.test(node.type?.getText() ?? "")
  );
}

function told({ name, type, unit, meaning }: Column): string {
  return `\`${name}\` ${type}${unit === undefined ? "" : `, ${unit}`}: ${meaning}`;
}

test("the doc comment of each analysis of a capture names its columns, their types and units", async () => {
  const path = join(folder, "talk.pcap");
  writeCapture(path, new Talk().open().data("client").frames);
  const capture = await captures.openCapture(path);
  const all = analyses();
  expect(all.length).toBeGreaterThan(30);
  for (const [name, text] of all) {
    const result = await (captures as unknown as Record<string, Analysis>)[name]?.(capture);
    const columns = result === undefined ? [] : "schema" in result ? result.schema : result.columns;
    const [list = ""] = (text.split("Columns:\n- ")[1] ?? "").split("\n\n");
    const listed = list.split("\n- ").map((line) => line.replaceAll(/\s+/g, " ").trim());
    expect(listed, name).toEqual((columns as readonly Column[]).map(told));
  }
});
