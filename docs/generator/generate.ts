import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../kernel/package.js";
import type { Column } from "../../lib/index.js";
import { columnsOfAnalyses } from "./adapters/analyses.js";
import { literalColumns } from "./adapters/literal.js";
import { readProbes } from "./adapters/probes.js";
import { readSamples } from "./adapters/samples.js";
import { columnsOfSockets } from "./adapters/sockets.js";
import { commentOn } from "./comment.js";
import { withColumnLists } from "./doc-lists.js";
import { withExamples } from "./examples.js";
import { helpEntries, helpFile } from "./help/index.js";
import { type Page, pagesOf } from "./pages.js";
import { interfaceOf, parameterTypes, parameterTypesFile } from "./parameter-types.js";
import { entry, type Known } from "./render/entry.js";
import { linked, placesOf } from "./render/links.js";
import { firstSentence, parts, table } from "./render/markdown.js";
import { type Export, readExports } from "./source.js";

const folder = "docs/reference";

/** Files as they have to be, by their path in the repository; null where a file has to go. */
export type Files = Map<string, string | null>;

/** Makes the reference, and the lists of columns in doc comments, from the definitions; examples of guides from the files that tests run. */
export async function generate(): Promise<Files> {
  const exports = readExports();
  const asked = new Map([
    ...(await columnsOfAnalyses(exports.values())),
    ...(await columnsOfSockets(exports.values())),
  ]);
  const probes = readProbes();
  const files: Files = new Map(sourcesWithLists(exports, asked, probes));
  const typed = [...probes.values()].filter(({ name }) => namesItsParameters(exports.get(name)));
  files.set(parameterTypesFile, parameterTypes(typed));
  const pages = pagesOf(exports.values());
  const columns = new Map(asked);
  for (const [name, one] of exports) {
    const literal = columns.has(name) ? undefined : literalColumns(one);
    if (literal !== undefined) columns.set(name, literal);
  }
  const known: Known = { places: placesOf(pages), probes, samples: readSamples(), columns };
  files.set(helpFile, helpEntries(exports, pages, known));
  for (const path of guides()) files.set(path, withExamples(current(path) ?? "", current));
  for (const name of existingPages()) files.set(join(folder, name), null);
  for (const page of pages) files.set(join(folder, `${page.id}.md`), pageText(page, known));
  files.set(join(folder, "index.md"), indexText(pages));
  return files;
}

/** What the repository has otherwise than it has to be. */
export async function stale(): Promise<Files> {
  const files = await generate();
  return new Map([...files].filter(([path, text]) => text !== current(path)));
}

function current(path: string): string | null {
  try {
    return readFileSync(join(packageRoot, path), "utf8");
  } catch {
    return null;
  }
}

function guides(): string[] {
  return readdirSync(join(packageRoot, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name));
}

function existingPages(): string[] {
  try {
    return readdirSync(join(packageRoot, folder)).filter((name) => name.endsWith(".md"));
  } catch {
    return [];
  }
}

/** Every analysis and every probe has a list in its doc comment. */
function sourcesWithLists(
  exports: ReadonlyMap<string, Export>,
  asked: ReadonlyMap<string, readonly Column[]>,
  probes: Known["probes"],
): [string, string][] {
  const lists = new Map<string, { of: Export; columns: readonly Column[] }[]>();
  const add = (name: string, columns: readonly Column[]) => {
    const of = exports.get(name);
    if (of !== undefined) lists.set(of.file, [...(lists.get(of.file) ?? []), { of, columns }]);
  };
  for (const [name, columns] of asked) add(name, columns);
  for (const [name, { columns }] of probes) {
    add(name, columns[0]?.columns ?? []);
  }
  return [...lists].map(([file, wanted]) => [file, withColumnLists(current(file) ?? "", wanted)]);
}

/** Whether a probe's parameters have an interface that is generated: others are written by hand. */
function namesItsParameters(of: Export | undefined): boolean {
  const [declaration] = of?.declarations ?? [];
  return of !== undefined && declaration?.getText().includes(`: Probe<${interfaceOf(of.name)},`) === true;
}

function pageText({ title, about, exports }: Page, known: Known): string {
  const text = parts(
    `# ${title}`,
    about,
    "*Generated from the definitions by `npm run docs`; don't edit.*",
    table(
      ["", ""],
      exports.map((one) => [`[${one.name}](#${known.places.get(one.name)?.anchor})`, summary(one, known)]),
    ),
    ...exports.map((one) => entry(one, known)),
  );
  return `${text}\n`;
}

function summary({ documented }: Export, { places }: Known): string {
  return firstSentence(linked(commentOn(documented).text, places));
}

function indexText(pages: readonly Page[]): string {
  const text = parts(
    "# Reference",
    "Everything that a cell can import from `skbook`, and, for probes of your own, from `skbook/probe`, by page. Shift-Tab in a cell shows the same.",
    "*Generated from the definitions by `npm run docs`; don't edit.*",
    table(
      ["page", "about", "functions"],
      pages.map(({ id, title, about, exports }) => [
        `[${title}](${id}.md)`,
        about,
        exports
          .filter(({ kind }) => kind === "function" || kind === "probe")
          .map(({ name }) => `\`${name}\``)
          .join(", "),
      ]),
    ),
  );
  return `${text}\n`;
}
