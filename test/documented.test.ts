import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, expect, test } from "vitest";
import type { z } from "zod";
import { packageRoot } from "../kernel/package.js";
import type { Capture, Column, Frame, Table } from "../lib/index.js";
import * as skbook from "../lib/index.js";
import type { ProbeDefinition } from "../lib/probes/index.js";
import { catalogue } from "../probes/catalogue.js";
import { writeCapture } from "./captures/build.js";
import { Talk } from "./captures/talk.js";
import { neededBy } from "./probes/needed.js";

type Definition = ProbeDefinition<z.ZodType, "table" | "frame">;
type Analysis = (capture: Capture) => Promise<Table | Frame>;

const folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The statements of all modules of a folder. */
function statementsOf(folder: string): ts.Statement[] {
  const files = readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const text = readFileSync(join(packageRoot, folder, file), "utf8");
      return [...ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true).statements];
    });
}

function commentOn(node: ts.Node): string {
  return ts.getTextOfJSDocComment(ts.getJSDocCommentsAndTags(node)[0]?.comment) ?? "";
}

/** Every analysis that needs nothing but a capture, with the text of its doc comment. */
function analyses(): [name: string, comment: string][] {
  return ["lib/captures", "lib/analyses"]
    .flatMap(statementsOf)
    .filter(isAnalysis)
    .map((declaration) => [declaration.name?.text ?? "", commentOn(declaration)]);
}

function isAnalysis(node: ts.Statement): node is ts.FunctionDeclaration {
  if (!ts.isFunctionDeclaration(node) || !((node.name?.text ?? "") in skbook)) return false;
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
  const file = join(folder, "talk.pcap");
  writeCapture(file, new Talk().open().data("client").frames);
  const capture = await skbook.openCapture(file);
  const all = analyses();
  expect(all.length).toBeGreaterThan(30);
  for (const [name, text] of all) {
    const result = await (skbook as unknown as Record<string, Analysis>)[name]?.(capture);
    const columns = result === undefined ? [] : "schema" in result ? result.schema : result.columns;
    const [list = ""] = (text.split("Columns:\n- ")[1] ?? "").split("\n\n");
    const listed = list.split("\n- ").map((line) => line.replaceAll(/\s+/g, " ").trim());
    expect(listed, name).toEqual((columns as readonly Column[]).map(told));
  }
});

test("the doc comment of each probe names its columns", () => {
  const comments = new Map<string, string>();
  for (const node of statementsOf("probes").filter(ts.isVariableStatement))
    comments.set(node.declarationList.declarations[0]?.name.getText() ?? "", commentOn(node));
  expect(catalogue.length).toBeGreaterThan(8);
  for (const { definition } of catalogue as unknown as { definition: Definition }[]) {
    const parameters = definition.parameters.parse(neededBy[definition.name] ?? {});
    const named =
      comments
        .get(definition.name)
        ?.split("Columns")[1]
        ?.matchAll(/`(\w+)`/g) ?? [];
    const columns = definition.columns(parameters).map(({ name }) => name);
    expect(
      [...named].map(([, name]) => name),
      definition.name,
    ).toEqual(expect.arrayContaining(columns));
  }
});
