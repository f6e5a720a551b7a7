import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import * as skbook from "../../../lib/index.js";
import { writeCapture } from "../../../test/captures/build.js";
import { Talk } from "../../../test/captures/talk.js";
import type { Export } from "../source.js";

type Analysis = (capture: skbook.Capture) => Promise<skbook.Table | skbook.Frame>;

/** The columns of every analysis that needs nothing but a capture, by its name: asked of a small one. */
export async function columnsOfAnalyses(
  exports: Iterable<Export>,
): Promise<Map<string, readonly skbook.Column[]>> {
  const folder = mkdtempSync(join(tmpdir(), "skbook-docs-"));
  const { SKBOOK_CACHE_BYTES } = process.env;
  // What this capture's packets are needs no keeping.
  process.env.SKBOOK_CACHE_BYTES = "0";
  try {
    const file = join(folder, "talk.pcap");
    writeCapture(file, new Talk().open().data("client").frames);
    const capture = await skbook.openCapture(file);
    const columns = new Map<string, readonly skbook.Column[]>();
    for (const { name, declarations } of exports) {
      if (!declarations.some(isAnalysis)) continue;
      const result = await (skbook as unknown as Record<string, Analysis>)[name]?.(capture);
      if (result === undefined) throw new Error(`${name} is exported and not there`);
      columns.set(name, result.schema);
    }
    return columns;
  } finally {
    if (SKBOOK_CACHE_BYTES === undefined) delete process.env.SKBOOK_CACHE_BYTES;
    else process.env.SKBOOK_CACHE_BYTES = SKBOOK_CACHE_BYTES;
    rmSync(folder, { recursive: true });
  }
}

function isAnalysis(node: ts.Declaration): boolean {
  if (!ts.isFunctionDeclaration(node)) return false;
  const [first, ...others] = node.parameters.map((parameter) => parameter.getText());
  return (
    first === "capture: Capture" &&
    others.every((parameter) => /\?:| = /.test(parameter)) &&
    /^Promise<(Table|Frame)>$/.test(node.type?.getText() ?? "")
  );
}
