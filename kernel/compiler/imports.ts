import type ts from "typescript";
import type { Completion } from "./answers.js";
import type { Catalogue } from "./catalogue.js";

/** The line that imports a name; undefined for what can't be imported. */
export function importOf(name: string, catalogue: Catalogue): string | undefined {
  const known = catalogue.get(name);
  if (known === undefined || known.kind === "finding") return undefined;
  return `import { ${known.kind === "type" ? "type " : ""}${name} } from "${known.from}";`;
}

/** Fewer letters would offer all there is. */
const leastLetters = 2;

/** Names that begin as the word does, can be called and aren't in the cells' scope. */
export function importable(catalogue: Catalogue, word: string, visible: ReadonlySet<string>): string[] {
  if (word.length < leastLetters) return [];
  return [...catalogue]
    .filter(([name, { kind }]) => kind !== "type" && kind !== "finding" && !visible.has(name))
    .map(([name]) => name)
    .filter((name) => name.toLowerCase().startsWith(word.toLowerCase()));
}

/**
 * Completions that bring their import: what is replaced begins with the statement that the word is in, since an import stands at the top level. Every
 * front end takes them, and shows what will be written.
 */
export function withImports(
  names: readonly string[],
  catalogue: Catalogue,
  file: ts.SourceFile,
  word: { start: number; end: number },
): Completion {
  const statement = file.statements.find((one) => one.getFullStart() <= word.start && word.start < one.end);
  const start = Math.min(statement?.getStart(file) ?? word.start, word.start);
  const before = file.text.slice(start, word.start);
  const matches = names.map((name) => ({
    text: `${importOf(name, catalogue)}\n${before}${name}`,
    type: "import",
    signature: "",
  }));
  return { matches, start, end: word.end };
}
