import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import { packageRoot } from "../package.js";
import { addsNoFile, type CellFile } from "./cell-file.js";
import { CellFiles } from "./cell-files.js";
import { cellsFolder, onDisk, openFolder } from "./folder.js";
import { isBare, isOwn } from "./specifier.js";
import { strictness } from "./strictness.js";

const anchor = join(packageRoot, "package.json");
const packages = createRequire(anchor);

/** Cells are checked as strictly as this package's own code; packages resolve as bundlers resolve them. */
const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts"],
  module: ts.ModuleKind.CommonJS,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: ["node"],
  typeRoots: [dirname(dirname(packages.resolve("@types/node/package.json")))],
  resolveJsonModule: true,
  allowJs: true,
  skipLibCheck: true,
  sourceMap: true,
  strict: true,
  rootDir: cellsFolder,
  outDir: `${cellsFolder}/out`,
};

/**
 * The compiler of one notebook: the files of cells, which live in memory and have a place each, and what they import.
 * Cells are compiled by a program of their own; a language service over the same files answers questions about code.
 */
export class Compiler {
  options = compilerOptions;
  readonly service: ts.LanguageService;
  readonly files = new CellFiles();
  readonly #resolutions = ts.createModuleResolutionCache(cellsFolder, (name) => name, compilerOptions);
  readonly #programHost: ts.CompilerHost;
  #program: ts.Program | undefined;
  /** The places whose cells the program has checked: it keeps what it has said of each. */
  readonly #checked = new Set<string>();
  #renewed = true;

  constructor() {
    const host = { ...systemHost(this.files), ...this.#resolution() };
    this.#programHost = {
      ...host,
      getSourceFile: (name, options) => this.files.document(name, options),
      getCanonicalFileName: (name) => name,
      getNewLine: () => "\n",
      writeFile: () => undefined,
      // What was resolved stays resolved; without this word every import of every package would be resolved again.
      hasInvalidatedResolutions: () => false,
    };
    this.service = ts.createLanguageService(
      {
        ...host,
        getCompilationSettings: () => this.options,
        getScriptFileNames: () => this.files.names(),
        getScriptVersion: (name) => this.files.version(name),
        getScriptSnapshot: (name) => this.files.snapshot(name),
      },
      this.files.registry(),
    );
  }

  /** From now on cells are those of a notebook in this folder. */
  open(folder: string): void {
    openFolder(folder);
    // What was looked for while there was no folder may be there.
    this.#resolutions.clear();
    const strict = strictness(folder);
    const same = Object.entries(strict).every(([name, value]) => value === (name === "strict"));
    if (same) return;
    this.options = { ...compilerOptions, ...strict };
    this.renew();
  }

  /** The file that the last program has in the place of the next cell: with the cell in it, the program is that of all cells. */
  held(code: string): ts.SourceFile | undefined {
    const place = this.files.place();
    if (this.#renewed || this.#checked.has(place) || !addsNoFile(code)) return undefined;
    return this.#program?.getSourceFile(place);
  }

  /** What the last program knows of earlier cells is no longer so. */
  renew(): void {
    this.#renewed = true;
  }

  /** The program of all cells as they are now, which is to check this one: the last one where it holds the cell, since a new one takes long. */
  program({ file }: CellFile): ts.Program {
    const holds = this.#program?.getSourceFile(file.fileName) === file;
    const program = this.#program !== undefined && holds && !this.#renewed ? this.#program : this.#create();
    this.#checked.add(file.fileName);
    return program;
  }

  #create(): ts.Program {
    const { options } = this;
    const host = this.#programHost;
    const oldProgram = this.#program;
    const program = ts.createProgram({
      rootNames: this.files.names(),
      options,
      host,
      ...(oldProgram && { oldProgram }),
    });
    this.#program = program;
    this.#checked.clear();
    this.#renewed = false;
    return program;
  }

  /** The user's own source files that a file imports, directly or by way of each other. */
  sources(program: ts.Program, of: ts.SourceFile): ts.SourceFile[] {
    const found = new Set<ts.SourceFile>();
    const visit = ({ text, fileName }: ts.SourceFile): void => {
      for (const { fileName: specifier } of ts.preProcessFile(text).importedFiles) {
        if (isBare(specifier)) continue;
        const { resolvedModule } = ts.resolveModuleName(specifier, fileName, this.options, resolutionHost);
        const file = resolvedModule && program.getSourceFile(resolvedModule.resolvedFileName);
        if (file === undefined || found.has(file) || file.isDeclarationFile || isJson(file)) continue;
        found.add(file);
        visit(file);
      }
    };
    visit(of);
    return [...found];
  }

  /** A notebook outside of this package's folder finds this package and its dependencies. */
  #resolution() {
    const resolve = (
      text: string,
      file: string,
      redirected: ts.ResolvedProjectReference | undefined,
    ): ts.ResolvedModuleWithFailedLookupLocations => {
      const lookUp = (cache?: ts.ModuleResolutionCache) =>
        ts.resolveModuleName(text, file, this.options, resolutionHost, cache, redirected);
      // What was not there before may be there now: only what was found is remembered.
      const remembered = isBare(text) ? lookUp(this.#resolutions) : undefined;
      return remembered?.resolvedModule === undefined ? lookUp() : remembered;
    };
    return {
      resolveModuleNameLiterals: (
        literals: readonly ts.StringLiteralLike[],
        containingFile: string,
        redirected: ts.ResolvedProjectReference | undefined,
      ) =>
        literals.map(({ text }) => {
          if (isOwn(text)) return resolve(text, anchor, redirected);
          const found = resolve(text, containingFile, redirected);
          return found.resolvedModule === undefined && isBare(text)
            ? resolve(text, anchor, redirected)
            : found;
        }),
      // Without it the compiler looks for the package.json of every file at every cell.
      getModuleResolutionCache: () => this.#resolutions,
    };
  }
}

function isJson({ fileName }: ts.SourceFile): boolean {
  return fileName.endsWith(".json");
}

const { sys } = ts;
/** The disk, with the notebook's folder where the compiler looks for it. */
const resolutionHost = {
  fileExists: (name: string) => sys.fileExists(onDisk(name)),
  readFile: (name: string) => sys.readFile(onDisk(name)),
  directoryExists: (name: string) => sys.directoryExists(onDisk(name)),
  getDirectories: (name: string) => sys.getDirectories(onDisk(name)),
  readDirectory: (
    name: string,
    ...rest: [(readonly string[])?, (readonly string[])?, (readonly string[])?, number?]
  ) => sys.readDirectory(onDisk(name), ...rest),
  realpath: (name: string) => sys.realpath?.(onDisk(name)) ?? name,
  getCurrentDirectory: () => cellsFolder,
  useCaseSensitiveFileNames: () => sys.useCaseSensitiveFileNames,
};

function systemHost(files: CellFiles) {
  const libraries = dirname(packages.resolve("typescript"));
  return {
    ...resolutionHost,
    getDefaultLibFileName: (options: ts.CompilerOptions) =>
      join(libraries, ts.getDefaultLibFileName(options)),
    fileExists: (name: string) => files.has(name) || resolutionHost.fileExists(name),
  };
}
