import ts from "typescript";
import type { Column } from "../../../lib/index.js";
import type { Parameter, ProbeFacts } from "../adapters/probes.js";
import type { Sample } from "../adapters/samples.js";
import { commentOn } from "../comment.js";
import type { Export } from "../source.js";
import { linked, type Places } from "./links.js";
import { code, parts, table } from "./markdown.js";
import { membersTable } from "./members.js";

/** What an entry rests on besides its declaration. */
export interface Known {
  places: Places;
  probes: ReadonlyMap<string, ProbeFacts>;
  samples: ReadonlyMap<string, Sample>;
  columns: ReadonlyMap<string, readonly Column[]>;
}

/** One export, below its heading. */
export function entry(of: Export, known: Known): string {
  const { text, parameters, returns, throws, examples } = commentOn(of.documented);
  const link = (words: string) => linked(words, known.places);
  const probe = known.probes.get(of.name);
  const columns = known.columns.get(of.name);
  return parts(
    `## ${of.name}`,
    probe === undefined ? signature(of) : probeSignature(probe),
    link(text),
    probe === undefined ? "" : probeParts(probe, known),
    table(
      ["parameter", "meaning"],
      parameters.map((parameter) => [code(parameter.name), link(parameter.text)]),
    ),
    returns === "" ? "" : `Returns ${link(returns)}`,
    columns === undefined ? "" : columnTable(columns),
    ...of.declarations.map((declaration) => membersTable(declaration, known.places)),
    throws === "" ? "" : `Throws ${link(throws)}`,
    sampleTable(of.name, known.samples.get(of.name)),
    ...examples.map((example) => `\`\`\`ts\n${example}\n\`\`\``),
  );
}

function signature({ name, kind, declarations, documented }: Export): string {
  const fenced = (text: string) => `\`\`\`typescript\n${text}\n\`\`\``;
  if (kind === "function") {
    // Of an overloaded function, the last declaration is not for callers.
    const callable = declarations.length > 1 ? declarations.slice(0, -1) : declarations;
    return fenced(callable.map((declaration) => headOf(declaration as ts.FunctionDeclaration)).join("\n"));
  }
  const [declaration] = declarations;
  if (kind === "type" && declaration !== undefined && ts.isTypeAliasDeclaration(declaration))
    return fenced(declaration.getText().replace(/^export /, ""));
  if (kind === "value" && ts.isVariableStatement(documented)) {
    const type = (declaration as ts.VariableDeclaration).type;
    return type === undefined ? "" : fenced(`${name}: ${type.getText()}`);
  }
  return "";
}

function headOf(declaration: ts.FunctionDeclaration): string {
  const { body } = declaration;
  const text = declaration.getText();
  const head = body === undefined ? text : text.slice(0, body.getStart() - declaration.getStart());
  return head.replace(/^export (async )?function /, "").replace(/;?\s*$/, "");
}

function probeSignature({ name, shape }: ProbeFacts): string {
  const answer = shape === "table" ? "Table" : "Frame";
  return `\`\`\`typescript\n${name}(host: Host, { seconds, ...parameters }): Promise<${answer}>\n\`\`\``;
}

function probeParts(probe: ProbeFacts, { places }: Known): string {
  const rows = probe.parameters.map(parameterRow);
  const common = linked("and those of every probe: {@link CommonParameters}", places);
  const errors = probe.errors ?? [];
  return parts(
    `Measures ${probe.measures}.`,
    table(
      ["hooks", ""],
      probe.hooks.map(({ need, hooks }) => [need, hooks.map(code).join(", ")]),
    ),
    `Parameters, ${common}:`,
    table(["parameter", "takes", "default", "meaning"], rows),
    ...probe.columns.map(({ when, columns }) =>
      parts(when === null ? "" : `With \`${when}\`, besides:`, columnTable(columns)),
    ),
    errors.length === 0 ? "" : `Errors, besides those of every probe: ${errors.map(code).join(", ")}.`,
  );
}

function parameterRow({ name, takes, required, default: usual, meaning }: Parameter): string[] {
  return [code(name), takes, required ? "required" : code(usual ?? ""), meaning ?? ""];
}

/** Rows of a sample that a page shows. */
const shown = 3;

function sampleTable(name: string, sample: Sample | undefined): string {
  if (sample === undefined) return "";
  const { asked, columns, rows } = sample;
  const options = Object.entries(asked).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const more = rows.length > shown ? `; ${rows.length - shown} more follow` : "";
  return parts(
    `What a recorded run of \`${name}(host, { ${options.join(", ")} })\` gave${more}:`,
    table(
      columns.map(code),
      rows.slice(0, shown).map((row) => row.map((value) => (value === null ? "null" : String(value)))),
    ),
  );
}

function columnTable(columns: readonly Column[]): string {
  return table(
    ["column", "type", "unit", "meaning"],
    columns.map(({ name, type, unit = "", meaning }) => [code(name), type, unit, meaning]),
  );
}
