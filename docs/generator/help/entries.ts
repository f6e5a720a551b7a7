import ts from "typescript";
import type { Entry, HelpColumn, HelpParameter } from "../../../lib/help/entry.js";
import type { Column } from "../../../lib/index.js";
import { commentOn } from "../comment.js";
import type { Page } from "../pages.js";
import type { Known } from "../render/entry.js";
import { membersOf } from "../render/members.js";
import type { Export } from "../source.js";
import { callOf } from "./call.js";
import { findingEntries } from "./findings.js";

/** The file that `help()` searches. */
export const helpFile = "lib/help/entries.ts";

/** Its text: an entry for everything that cells import, and for what findings look for; one a line. */
export function helpEntries(
  exports: ReadonlyMap<string, Export>,
  pages: readonly Page[],
  known: Known,
): string {
  const entries = pages.flatMap((page) => page.exports.map((one) => entryOf(one, page, exports, known)));
  const lines = [...entries, ...findingEntries()].map((entry) => `  ${JSON.stringify(entry)},`);
  return `// Generated from the definitions by \`npm run docs\`; don't edit.
import type { Entry } from "./entry.js";

export const entries: readonly Entry[] = [
${lines.join("\n")}
];
`;
}

function entryOf(one: Export, page: Page, exports: ReadonlyMap<string, Export>, known: Known): Entry {
  const { name, kind, documented, entry } = one;
  const { text, returns } = commentOn(documented);
  const probe = known.probes.get(name);
  const columns = known.columns.get(name) ?? probe?.columns.flatMap((group) => group.columns) ?? [];
  return {
    name,
    kind,
    from: entry === "probe" ? "skbook/probe" : "skbook",
    page: page.title,
    text: flowing([text, ...(returns === "" ? [] : [`Returns ${returns}`])].join("\n\n")),
    parameters: probe === undefined ? parametersOf(one, exports) : probe.parameters.map(asParameter),
    columns: columns.map(asColumn),
    call: callOf(one, exports),
  };
}

/** Without the line breaks that a source file has in its paragraphs. */
function flowing(text: string): string {
  return text.replaceAll(/(?<!\n)\n(?!\n|- )\s*/g, " ");
}

function asColumn({ name, type, unit, meaning }: Column): HelpColumn {
  return { name, type, unit: unit ?? null, meaning };
}

function asParameter(parameter: {
  name: string;
  takes: string;
  required: boolean;
  default: string | null;
  meaning: string | null;
}): HelpParameter {
  const { name, takes, required, default: usual, meaning } = parameter;
  return { name, takes: required ? `${takes}; required` : takes, default: usual, meaning: meaning ?? "" };
}

/** What a function's comment says of its parameters, and the members of the options that it takes; of a type, its members. */
function parametersOf(
  { declarations, documented }: Export,
  exports: ReadonlyMap<string, Export>,
): HelpParameter[] {
  const said = commentOn(documented).parameters.map(({ name, text }) => ({
    name,
    takes: "",
    default: null,
    meaning: flowing(text),
  }));
  const options = declarations
    .filter(ts.isFunctionDeclaration)
    .flatMap(({ parameters }) =>
      parameters.flatMap(({ type }) => (type === undefined ? [] : interfacesIn(type, exports))),
    );
  const members = [...new Set([...declarations, ...options])].flatMap(membersOf);
  const parameters = [
    ...said,
    ...members.map(({ signature, meaning }) => {
      const [, name = signature, takes = ""] = /^(\w+\??): (.*)$/s.exec(signature) ?? [];
      return { name, takes, default: null, meaning: flowing(meaning) };
    }),
  ];
  const seen = new Set<string>();
  return parameters.filter(({ name }) => !seen.has(name) && seen.add(name));
}

/** The exported interfaces of options that a type names, with those that they extend. */
function interfacesIn(node: ts.Node, exports: ReadonlyMap<string, Export>): ts.Declaration[] {
  const found: ts.Declaration[] = [];
  const visit = (inner: ts.Node): void => {
    if (ts.isTypeReferenceNode(inner) || ts.isExpressionWithTypeArguments(inner)) {
      const name = (ts.isTypeReferenceNode(inner) ? inner.typeName : inner.expression).getText();
      for (const declaration of /Options$|Filter$/.test(name)
        ? (exports.get(name)?.declarations ?? [])
        : []) {
        if (!ts.isInterfaceDeclaration(declaration)) continue;
        found.push(declaration);
        for (const clause of declaration.heritageClauses ?? []) visit(clause);
      }
    }
    ts.forEachChild(inner, visit);
  };
  visit(node);
  return found;
}
