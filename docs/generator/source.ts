import { join, relative } from "node:path";
import ts from "typescript";
import { packageRoot } from "../../kernel/package.js";

/** Something that cells import from skbook, with where it is declared. */
export interface Export {
  name: string;
  /** Of which module: `index` is skbook, `probe` is skbook/probe. */
  entry: "index" | "probe";
  /** Path in the repository. */
  file: string;
  kind: "function" | "probe" | "class" | "type" | "value";
  /** All of them where it is overloaded. */
  declarations: ts.Declaration[];
  /** What the doc comment stands on. */
  documented: ts.Node;
}

/** The modules that cells import, by their files: what the second has of the first is not said twice. */
const entries = ["index", "probe"] as const;

/** All that lib/index.ts and lib/probe.ts export, by name. */
export function readExports(): Map<string, Export> {
  const files = entries.map((entry) => join(packageRoot, `lib/${entry}.ts`));
  const program = ts.createProgram(files, options());
  const checker = program.getTypeChecker();
  const all = new Map<string, Export>();
  for (const [index, entry] of entries.entries()) {
    const file = program.getSourceFile(files[index] ?? "");
    const module = file && checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`lib/${entry}.ts is no module`);
    for (const symbol of checker.getExportsOfModule(module)) {
      const aliased = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      if (!all.has(symbol.name))
        all.set(symbol.name, exportOf(symbol.name, entry, aliased.declarations ?? [], checker));
    }
  }
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function options(): ts.CompilerOptions {
  const path = join(packageRoot, "tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, packageRoot).options;
}

function exportOf(
  name: string,
  entry: Export["entry"],
  declarations: ts.Declaration[],
  checker: ts.TypeChecker,
): Export {
  const [first] = declarations;
  if (first === undefined) throw new Error(`${name} is exported and not declared`);
  // The doc comment of a variable stands on its statement.
  const documented = ts.isVariableDeclaration(first) ? first.parent.parent : first;
  const file = relative(packageRoot, first.getSourceFile().fileName);
  return { name, entry, file, kind: kindOf(first, checker), declarations, documented };
}

function kindOf(declaration: ts.Declaration, checker: ts.TypeChecker): Export["kind"] {
  if (ts.isFunctionDeclaration(declaration)) return "function";
  if (ts.isClassDeclaration(declaration)) return "class";
  if (!ts.isVariableDeclaration(declaration)) return "type";
  return checker.getTypeAtLocation(declaration).symbol?.name === "Probe" ? "probe" : "value";
}
