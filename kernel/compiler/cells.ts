import { relative } from "node:path";
import ts from "typescript";
import { type CellFile, chain, exporting, parseCell } from "./cell-file.js";
import { CompileError, type Complaint } from "./compile-error.js";
import { Compiler } from "./compiler.js";
import { cellsFolder, onDisk, withFolder } from "./folder.js";
import { Scope } from "./scope.js";
import { cellTransformer, plainExports } from "./transform.js";

/** What the cells need to run that the compiler sees as a module's and refuses, or that is no fault in a cell. */
const tolerated = new Set([
  1343, // import.meta, which the kernel provides
  1378, // await, for await and await using at the top level: a cell runs as an async function
  1432,
  2854,
  2823, // import attributes: JSON is loaded all the same
  2856,
]);
/** "implicitly has type 'any[]'": of a variable that began empty in an earlier cell no more can be said. */
const evolving = 7005;

export interface CompiledCell {
  cell: CellFile;
  javascript: string;
  /** The source map, as JSON. */
  map: string;
  /** What it loads at its start. */
  imports: string[];
  /** Files of the user's own that it imports and that are new or have changed. */
  sources: { path: string; data: string }[];
}

/** The cells of one notebook as the compiler sees them. */
export class Cells {
  readonly #compiler = new Compiler();
  readonly #scope: Scope;
  /** Whether cells have imported something since the service was asked. */
  #stale = false;
  readonly #emitted = new Map<string, ts.SourceFile>();

  constructor() {
    this.#scope = new Scope((cell) => this.#compiler.files.drop(cell));
  }

  /** From now on they are those of a notebook in this folder. */
  open(folder: string): void {
    this.#compiler.open(folder);
  }

  /** Checks a cell and turns it into JavaScript; it has its place until it is added. @throws CompileError */
  compile(code: string): CompiledCell {
    const cell = this.#open(code, this.#compiler.held(code));
    const program = this.#compiler.program(cell);
    const sources = this.#compiler.sources(program, cell.file);
    this.#check(cell, sources, program);
    const compiled = { cell, ...this.#emit(cell, program), sources: this.#emitSources(sources, program) };
    this.#compiler.files.keep(cell);
    this.#stale ||= compiled.imports.length > 0;
    return compiled;
  }

  /** The cell has run: later cells see what it declares, but for what it did not reach. */
  add(cell: CellFile, unset: Iterable<string>): void {
    const hidden = [...unset];
    if (hidden.length > 0) this.#compiler.renew();
    if (!this.#scope.add(cell, hidden)) this.#compiler.files.drop(cell);
  }

  /** Puts a question about a cell that is being written. */
  ask<T>(code: string, question: (service: ts.LanguageService, file: string) => T): T {
    const cell = this.#open(code);
    return question(this.#compiler.service, cell.file.fileName);
  }

  /** Lets the service look at what cells have imported since it was last asked. */
  warm(): void {
    if (!this.#stale) return;
    this.#stale = false;
    this.ask("", (service) => service.getProgram()?.getTypeChecker());
  }

  #open(code: string, held?: ts.SourceFile): CellFile {
    const compiler = this.#compiler;
    const cell = parseCell(compiler.files.place(), code, compiler.options, held);
    chain(cell, this.#scope.last);
    compiler.files.put(cell);
    return cell;
  }

  #check({ file, code }: CellFile, sources: readonly ts.SourceFile[], program: ts.Program): void {
    const complaints = [file, ...sources]
      .flatMap((source) => [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ])
      .filter((diagnostic) => !this.#isTolerated(diagnostic, file, program))
      .map(({ start = 0, length = 0, messageText, file: source }): Complaint => {
        const message = withFolder(ts.flattenDiagnosticMessageText(messageText, "\n"));
        if (source === file) return { start, length, message, file: undefined };
        const { line, character } = ts.getLineAndCharacterOfPosition(source as ts.SourceFile, start);
        const path = relative(onDisk(cellsFolder), onDisk(source?.fileName ?? ""));
        return { start, length, message, file: `${path}:${line + 1}:${character + 1}` };
      });
    if (complaints.length > 0) throw CompileError.of(code, complaints);
  }

  #isTolerated({ code, start = 0 }: ts.Diagnostic, file: ts.SourceFile, program: ts.Program): boolean {
    if (tolerated.has(code)) return true;
    if (code !== evolving) return false;
    const node = nodeAt(file, start);
    const symbol = program.getTypeChecker().getSymbolAtLocation(node);
    return this.#scope.cellOf(symbol?.declarations?.[0]?.getSourceFile()) !== undefined;
  }

  #emit(cell: CellFile, program: ts.Program): Pick<CompiledCell, "javascript" | "map" | "imports"> {
    const emitted = { javascript: "", map: "", imports: [] as string[] };
    const write = (name: string, text: string) => {
      if (name.endsWith(".map")) emitted.map = text;
      else emitted.javascript = withoutMapComment(text);
    };
    const collectImports = () => (file: ts.SourceFile) => {
      emitted.imports = importsOf(file);
      return file;
    };
    const transformers = {
      before: [cellTransformer(program.getTypeChecker(), (file) => this.#scope.cellOf(file))],
      after: [plainExports, collectImports],
    };
    exporting(cell.file, () => program.emit(cell.file, write, undefined, false, transformers));
    return emitted;
  }

  #emitSources(sources: readonly ts.SourceFile[], program: ts.Program): CompiledCell["sources"] {
    const changed = sources.filter((file) => this.#emitted.get(file.fileName) !== file);
    return changed.map((file) => {
      const source = { path: onDisk(file.fileName).replace(/\.[cm]?[jt]sx?$/, ".js"), data: "" };
      program.emit(file, (name, text) => {
        if (!name.endsWith(".map")) source.data = withoutMapComment(text);
      });
      this.#emitted.set(file.fileName, file);
      return source;
    });
  }
}

function withoutMapComment(javascript: string): string {
  return javascript.replace(/^\/\/# sourceMappingURL=.*$/m, "");
}

/** The modules that imports load; those of types alone are no longer there after emitting. */
function importsOf(emitted: ts.SourceFile): string[] {
  return emitted.statements.flatMap((statement) => {
    const original = ts.getOriginalNode(statement);
    return ts.isImportDeclaration(original) && ts.isStringLiteral(original.moduleSpecifier)
      ? [original.moduleSpecifier.text]
      : [];
  });
}

function nodeAt(file: ts.SourceFile, position: number): ts.Node {
  let found: ts.Node = file;
  const visit = (node: ts.Node): void => {
    if (node.getStart(file) > position || node.end <= position) return;
    found = node;
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}
