import ts from "typescript";
import { type Completion, type Inspection, maxMatches } from "./answers.js";
import type { Cells } from "./cells.js";
import { completeColumn, inspectColumn } from "./column-questions.js";
import { columnTextAt, type Values } from "./columns.js";
import { withFolder } from "./folder.js";
import { importable, withImports } from "./imports.js";

export type Completeness = { status: "complete" | "invalid" } | { status: "incomplete"; indent: string };

/** What can stand at the offset. */
export function complete(cells: Cells, code: string, offset: number, values: Values): Completion {
  return cells.ask(code, (service, file) => {
    const word = /[\p{ID_Continue}$]*$/u.exec(code.slice(0, offset))?.[0] ?? "";
    const source = service.getProgram()?.getSourceFile(file);
    const columns = source && columnTextAt(source, offset, values);
    if (columns !== undefined)
      return completeColumn(columns, code, { start: offset - word.length, end: offset });
    const found = service.getCompletionsAtPosition(file, offset, { includeCompletionsWithInsertText: false });
    const span = found?.optionalReplacementSpan;
    const start = span?.start ?? offset - word.length;
    const end = span === undefined ? offset : span.start + span.length;
    const prefix = code.slice(start, offset).toLowerCase();
    const entries = (found?.entries ?? [])
      .filter(({ name }) => name.toLowerCase().startsWith(prefix))
      .sort((a, b) => (a.sortText < b.sortText ? -1 : a.sortText > b.sortText ? 1 : 0))
      .slice(0, maxMatches);
    const matches = entries.map(({ name, kind }) => ({ text: name, type: kind, signature: "" }));
    const visible = new Set(found?.entries.map(({ name }) => name));
    // Where an expression can stand, all that is global can.
    if (!visible.has("globalThis") || source === undefined) return { matches, start, end };
    const names = importable(values.catalogue, word, visible);
    // All of a list replaces the same part of the cell: beside other words only the name can stand, and Tab behind it brings the import.
    const wanted = names.includes(word) ? [word] : matches.length === 0 ? names : [];
    if (wanted.length > 0) return withImports(wanted, values.catalogue, source, { start, end });
    const more = names.map((text) => ({ text, type: "not imported", signature: "" }));
    return { matches: [...matches, ...more], start, end };
  });
}

/** What the name at the offset is, or the function whose call the offset is in. */
export function inspect(cells: Cells, code: string, offset: number, values: Values): Inspection | undefined {
  return cells.ask(code, (service, file) => {
    const source = service.getProgram()?.getSourceFile(file);
    const column = source && inspectColumn(source, code, offset, values);
    if (column !== undefined) return column;
    const info = [offset, offset - 1]
      .map((at) => (at < 0 ? undefined : quickInfo(service, file, at)))
      .find(Boolean);
    return info ?? signatureHelp(service, file, offset);
  });
}

function quickInfo(service: ts.LanguageService, file: string, offset: number): Inspection | undefined {
  const info = service.getQuickInfoAtPosition(file, offset);
  // For an imported name the compiler adds the import; whoever asks wants to know what it is.
  const signature = withFolder(ts.displayPartsToString(info?.displayParts).replace(/\nimport .*$/, ""));
  if (info === undefined || signature === "" || signature === "any") return undefined;
  return { signature, documentation: documentation(info.documentation, info.tags) };
}

function signatureHelp(service: ts.LanguageService, file: string, offset: number): Inspection | undefined {
  const help = service.getSignatureHelpItems(file, offset, undefined);
  const item = help?.items[help.selectedItemIndex];
  if (item === undefined) return undefined;
  const separator = ts.displayPartsToString(item.separatorDisplayParts);
  const parameters = item.parameters
    .map(({ displayParts }) => ts.displayPartsToString(displayParts))
    .join(separator);
  const [before, after] = [item.prefixDisplayParts, item.suffixDisplayParts].map((part) =>
    ts.displayPartsToString(part),
  );
  return {
    signature: withFolder(`${before}${parameters}${after}`),
    documentation: documentation(item.documentation, item.tags),
  };
}

function documentation(
  text: ts.SymbolDisplayPart[] | undefined,
  tags: readonly ts.JSDocTagInfo[] | undefined = [],
): string {
  const lines = tags.map((tag) => {
    const [first, ...rest] = tag.text ?? [];
    if (tag.name === "param" && first?.kind === "parameterName")
      return `- \`${first.text}\`${markdown(rest).replace(/^\s*(?:-\s*)?/, ": ")}`;
    return `*@${tag.name}* ${markdown(tag.text)}`;
  });
  return [markdown(text), lines.join("\n\n")].filter((part) => part !== "").join("\n\n");
}

/** The text of a doc comment; what it links to is shown as code. */
function markdown(parts: readonly ts.SymbolDisplayPart[] = []): string {
  return parts
    .map(({ kind, text }) => {
      if (kind === "link") return "";
      return kind === "linkName" || kind === "linkText" ? `\`${text.trim()}\`` : text;
    })
    .join("");
}

/** Whether a console should run the code or let the user write on. */
export function completeness(code: string): Completeness {
  const { parseDiagnostics } = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest) as unknown as {
    parseDiagnostics: ts.DiagnosticWithLocation[];
  };
  if (parseDiagnostics.length === 0) return { status: "complete" };
  const end = code.trimEnd().length;
  // Only where the first fault is that the code ends can more of it help.
  const open = (parseDiagnostics[0]?.start ?? 0) >= end || isUnterminated(parseDiagnostics[0]?.code);
  if (!open) return { status: "invalid" };
  const line = code.slice(code.lastIndexOf("\n") + 1);
  const indent = /^\s*/.exec(line)?.[0] ?? "";
  return { status: "incomplete", indent: /[{([]\s*$/.test(line) ? `${indent}  ` : indent };
}

/** A template or a comment that goes over lines and has no end yet. */
function isUnterminated(code: number | undefined): boolean {
  return code === 1160 || code === 1010;
}
