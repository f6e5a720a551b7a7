import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import { packageRoot } from "../package.js";
import { CellFiles } from "./cell-files.js";
import { isBare, isOwn } from "./modules.js";
import { strictness } from "./strictness.js";

const require = createRequire(import.meta.url);

/** Cells are checked as strictly as this package's own code; packages resolve as bundlers resolve them. */
function compilerOptions(folder: string): ts.CompilerOptions {
  return {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts"],
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ["node"],
    typeRoots: [dirname(dirname(require.resolve("@types/node/package.json")))],
    resolveJsonModule: true,
    allowJs: true,
    skipLibCheck: true,
    sourceMap: true,
    rootDir: folder,
    outDir: join(folder, "outDir"),
    ...strictness(folder),
  };
}

/**
 * The compiler of one notebook: the files of cells, which live in memory and have a place each, and what they import.
 * Cells are compiled by a program of their own; a language service over the same files answers questions about code.
 */
export class Compiler {
  readonly options: ts.CompilerOptions;
  readonly service: ts.LanguageService;
  readonly files: CellFiles;
  readonly #programHost: ts.CompilerHost;
  #program: ts.Program | undefined;

  constructor(folder: string) {
    this.options = compilerOptions(folder);
    this.files = new CellFiles(folder);
    const resolving = resolution(folder, this.options);
    const host = { ...systemHost(folder, this.files), ...resolving };
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

  /** The program of all cells as they are now. */
  program(): ts.Program {
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
    return program;
  }

  /** The user's own source files that a file imports, directly or by way of each other. */
  sources(program: ts.Program, of: ts.SourceFile): ts.SourceFile[] {
    const found = new Set<ts.SourceFile>();
    const visit = ({ text, fileName }: ts.SourceFile): void => {
      for (const { fileName: specifier } of ts.preProcessFile(text).importedFiles) {
        if (isBare(specifier)) continue;
        const { resolvedModule } = ts.resolveModuleName(specifier, fileName, this.options, ts.sys);
        const file = resolvedModule && program.getSourceFile(resolvedModule.resolvedFileName);
        if (file === undefined || found.has(file) || file.isDeclarationFile || isJson(file)) continue;
        found.add(file);
        visit(file);
      }
    };
    visit(of);
    return [...found];
  }
}

function isJson({ fileName }: ts.SourceFile): boolean {
  return fileName.endsWith(".json");
}

function systemHost(folder: string, files: CellFiles) {
  const { sys } = ts;
  return {
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: (options: ts.CompilerOptions) => ts.getDefaultLibFilePath(options),
    fileExists: (name: string) => files.has(name) || sys.fileExists(name),
    readFile: sys.readFile,
    directoryExists: sys.directoryExists,
    getDirectories: sys.getDirectories,
    readDirectory: sys.readDirectory,
    ...(sys.realpath && { realpath: sys.realpath }),
    useCaseSensitiveFileNames: () => sys.useCaseSensitiveFileNames,
  };
}

/** A notebook outside of this package's folder finds this package and its dependencies. */
function resolution(folder: string, options: ts.CompilerOptions) {
  const cache = ts.createModuleResolutionCache(folder, (name) => name, options);
  const anchor = join(packageRoot, "package.json");
  const resolve = (
    text: string,
    file: string,
    redirected: ts.ResolvedProjectReference | undefined,
  ): ts.ResolvedModuleWithFailedLookupLocations => {
    // What was not there before may be there now: only what was found is remembered.
    const remembered = isBare(text)
      ? ts.resolveModuleName(text, file, options, ts.sys, cache, redirected)
      : undefined;
    return remembered?.resolvedModule === undefined
      ? ts.resolveModuleName(text, file, options, ts.sys, undefined, redirected)
      : remembered;
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
        return found.resolvedModule === undefined && isBare(text) ? resolve(text, anchor, redirected) : found;
      }),
    // Without it the compiler looks for the package.json of every file at every cell.
    getModuleResolutionCache: () => cache,
  };
}
