import { bundleOf } from "../../lib/cell/index.js";
import { entryBundle, entryOf, help } from "../../lib/help/index.js";
import { escapeHtml } from "../../lib/html/index.js";
import type { MimeBundle } from "../../lib/index.js";
import type { Inspection } from "../compiler/index.js";
import type { Language } from "../language/index.js";

const name = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$.]*`;
/** `?name`, `name?`, also with two question marks: in no cell is that the end of TypeScript. */
const lastLine = new RegExp(
  String.raw`(?:^|\n)[ \t]*(?:\?{1,2}[ \t]*(${name})|(${name})[ \t]*\?{1,2})[ \t]*;?\s*$`,
  "u",
);

/** The question at the end of a cell, and the code before it; undefined where there is none. */
export function questionIn(code: string): { code: string; name: string } | undefined {
  const found = lastLine.exec(code);
  const asked = found?.[1] ?? found?.[2];
  return found === null || asked === undefined
    ? undefined
    : { code: code.slice(0, found.index), name: asked };
}

/** What a name is: what it is in the cells, what help knows of it, or else what help finds for it. */
export async function documentationOf(asked: string, language: Language): Promise<MimeBundle> {
  const inspection = await language.inspect(asked, asked.length);
  const entry = await entryOf(asked);
  if (entry === undefined)
    return inspection === undefined ? bundleOf(help(asked)) : inspectionBundle(inspection);
  if (inspection === undefined) return entryBundle(entry);
  // A name of the cells' own that is called as something to import: only of the import help knows more.
  if (!inspection.signature.startsWith("(alias)")) return inspectionBundle(inspection);
  const known = entryBundle(entry);
  return {
    "text/plain": `${inspection.signature}\n\n${known["text/plain"]}`,
    "text/html": `<pre>${escapeHtml(inspection.signature)}</pre>${known["text/html"]}`,
  };
}

/** What the compiler says of a name, for a front end's tooltip. */
export function inspectionBundle({ signature, documentation }: Inspection): MimeBundle {
  const text = documentation === "" ? signature : `${signature}\n\n${documentation}`;
  return {
    "text/plain": text,
    "text/markdown": `\`\`\`typescript\n${signature}\n\`\`\`\n\n${documentation}`,
  };
}
