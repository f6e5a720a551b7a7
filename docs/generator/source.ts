import { join, relative } from "node:path";
import ts from "typescript";
import { packageRoot } from "../../kernel/package.js";

/** Something that cells import from skbook, with where it is declared. */
export interface Export {
  name: string;
  /** Path in the repository. */
  file: string;
  kind: "function" | "probe" | "class" | "type" | "value";
  /** All of them where it is overloaded. */
  declarations: ts.Declaration[];
  /** What the doc comment stands on. */
  documented: ts.Node;
}

/** The module that cells import. */
const entry = join(packageRoot, "lib/index.ts");

/** All that lib/index.ts exports, by name. */
export function readExports(): Map<string, Export> {
  const program = ts.createProgram([entry], options());
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${entry} is no module`);
  const found = checker.getExportsOfModule(module).map((symbol) => {
    const aliased = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return exportOf(symbol.name, aliased.declarations ?? [], checker);
  });
  return new Map(
    found.sort((a, b) => (a.name < b.name ? -1 : 1)).map((one): [string, Export] => [one.name, one]),
  );
}

function options(): ts.CompilerOptions {
  const path = join(packageRoot, "tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, packageRoot).options;
}

function exportOf(name: string, declarations: ts.Declaration[], checker: ts.TypeChecker): Export {
  const [first] = declarations;
  if (first === undefined) throw new Error(`${name} is exported and not declared`);
  // The doc comment of a variable stands on its statement.
  const documented = ts.isVariableDeclaration(first) ? first.parent.parent : first;
  const file = relative(packageRoot, first.getSourceFile().fileName);
  return { name, file, kind: kindOf(first, checker), declarations, documented };
}

function kindOf(declaration: ts.Declaration, checker: ts.TypeChecker): Export["kind"] {
  if (ts.isFunctionDeclaration(declaration)) return "function";
  if (ts.isClassDeclaration(declaration)) return "class";
  if (!ts.isVariableDeclaration(declaration)) return "type";
  return checker.getTypeAtLocation(declaration).symbol?.name === "Probe" ? "probe" : "value";
}
