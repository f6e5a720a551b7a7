import { statSync } from "node:fs";
import ts from "typescript";
import { packageName, packageRoot } from "../package.js";
import { type CellFile, parseCell } from "./cell-file.js";
import { cellsFolder, onDisk } from "./folder.js";

/** Places for cells are made so many at a time: a new root file makes the compiler look at every file again. */
const batch = 64;

interface Document {
  version: string;
  file: ts.SourceFile;
}

/** The files that the compiler sees: cells, which live in memory, and those on disk, each parsed once per version. */
export class CellFiles {
  readonly #places = new Map<string, CellFile>();
  readonly #free: string[] = [];
  readonly #documents = new Map<string, Document>();
  #names: string[] = [];

  constructor() {
    // A snapshot holds what nearly every notebook imports.
    this.put(
      parseCell(`${cellsFolder}/__known.ts`, `import "${packageName}"; import "${packageName}/probe";`, {}),
    );
  }

  names(): string[] {
    return this.#names;
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  /** The file name of a cell to be: the place of a cell that is gone, or a new one. */
  place(): string {
    if (this.#free.length === 0) {
      const count = this.#places.size;
      for (let index = count + batch; index > count; index--) {
        const name = `${cellsFolder}/__cell_${index}.ts`;
        this.#places.set(name, parseCell(name, "", {}));
        this.#free.push(name);
      }
      this.#names = [...this.#places.keys()];
    }
    return this.#free.at(-1) as string;
  }

  /** Puts a cell in its place, until another one is put there. */
  put(cell: CellFile): void {
    this.#places.set(cell.file.fileName, cell);
  }

  /** The cell stays: its place is no longer free. */
  keep({ file }: CellFile): void {
    this.#free.splice(this.#free.indexOf(file.fileName), 1);
  }

  /**
   * The cell is gone: its place is free, and taken after all others, since a program can check a place once. What it holds stays there
   * until then: the packages that it imports stay loaded.
   */
  drop({ file }: CellFile): void {
    this.#free.unshift(file.fileName);
  }

  version(name: string): string {
    const cell = this.#places.get(name);
    if (cell !== undefined) return cell.version;
    // Packages don't change under a running kernel.
    if (name.includes("/node_modules/") || name.startsWith(`${packageRoot}/dist/`)) return "1";
    return String(statSync(onDisk(name), { throwIfNoEntry: false })?.mtimeMs);
  }

  snapshot(name: string): ts.IScriptSnapshot | undefined {
    const cell = this.#places.get(name);
    if (cell !== undefined) return cell.snapshot;
    const file = this.document(name, ts.ScriptTarget.ES2022);
    return file && (file as unknown as { scriptSnapshot: ts.IScriptSnapshot }).scriptSnapshot;
  }

  document(name: string, options: ts.CreateSourceFileOptions | ts.ScriptTarget): ts.SourceFile | undefined {
    const cell = this.#places.get(name);
    if (cell !== undefined) return cell.file;
    const version = this.version(name);
    const known = this.#documents.get(name);
    if (known?.version === version) return known.file;
    const text = ts.sys.readFile(onDisk(name));
    if (text === undefined) return undefined;
    const snapshot = ts.ScriptSnapshot.fromString(text);
    const file = ts.createLanguageServiceSourceFile(name, snapshot, options, version, false);
    this.#documents.set(name, { version, file });
    return file;
  }

  /** For the language service, which would parse every file once more. */
  registry(): ts.DocumentRegistry {
    const document = (name: string, options: ts.CreateSourceFileOptions | ts.ScriptTarget | undefined) => {
      const file = this.document(name, options ?? ts.ScriptTarget.ES2022);
      if (file === undefined) throw new Error(`${name} is gone`);
      return file;
    };
    const plain: ts.DocumentRegistry["acquireDocument"] = (
      name,
      _settings,
      _snapshot,
      _version,
      _kind,
      options,
    ) => document(name, options);
    const withKey: ts.DocumentRegistry["acquireDocumentWithKey"] = (
      name,
      _path,
      _settings,
      _key,
      _snapshot,
      _version,
      _kind,
      options,
    ) => document(name, options);
    return {
      acquireDocument: plain,
      acquireDocumentWithKey: withKey,
      updateDocument: plain,
      updateDocumentWithKey: withKey,
      getKeyForCompilationSettings: () => "cells" as ts.DocumentRegistryBucketKey,
      releaseDocument: () => undefined,
      releaseDocumentWithKey: () => undefined,
      reportStats: () => "",
    };
  }
}
