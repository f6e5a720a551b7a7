import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import * as skbook from "../../../lib/index.js";
import type { Export } from "../source.js";

type Analysis = (samples: skbook.Table) => Promise<skbook.Table | skbook.Frame>;

/** The columns of samples of sockets, and of every analysis that needs nothing but these, by its name: asked of a few. */
export async function columnsOfSockets(
  exports: Iterable<Export>,
): Promise<Map<string, readonly skbook.Column[]>> {
  const folder = mkdtempSync(join(tmpdir(), "skbook-docs-"));
  try {
    const file = join(folder, "sockets.log");
    const socket = "ESTAB 0 0 192.0.2.1:40000 192.0.2.2:5201 sk:1\n\t cubic mss:1448 cwnd:10 busy:1ms";
    writeFileSync(file, `2026-01-01T00:00:00Z\n${socket}\n2026-01-01T00:00:01Z\n${socket}\n`);
    const samples = await skbook.openSocketSamples(file);
    const columns = new Map<string, readonly skbook.Column[]>([["openSocketSamples", samples.schema]]);
    for (const { name, declarations } of exports) {
      if (!declarations.some(isAnalysis)) continue;
      const result = await (skbook as unknown as Record<string, Analysis>)[name]?.(samples);
      if (result === undefined) throw new Error(`${name} is exported and not there`);
      columns.set(name, result.schema);
    }
    return columns;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isAnalysis(node: ts.Declaration): boolean {
  if (!ts.isFunctionDeclaration(node)) return false;
  const [first, ...others] = node.parameters.map((parameter) => parameter.getText());
  return (
    first === "samples: Table" &&
    others.every((parameter) => /\?:| = /.test(parameter)) &&
    /^Promise<(Table|Frame)>$/.test(node.type?.getText() ?? "")
  );
}
