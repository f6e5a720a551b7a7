import ts from "typescript";

/** A parsed cell: a module whose parent scope is the cell before it. */
export interface CellFile {
  file: ts.SourceFile;
  /** Tells this content of the place from every other one. */
  version: string;
  snapshot: ts.IScriptSnapshot;
  /** The cell's code as the user wrote it. */
  code: string;
  /** What the cell declares at its top level: values, imports (of values or of types), and types alone. */
  names: ReadonlyMap<string, "value" | "import" | "type">;
}

let versions = 0;

/** The parts of a syntax tree that the compiler keeps to itself. */
interface Bound extends ts.SourceFile {
  version: string;
  scriptSnapshot: ts.IScriptSnapshot;
  locals?: Map<string, ts.Symbol>;
  symbol?: ts.Symbol;
  identifiers: Map<string, string>;
}
const binder = ts as unknown as { bindSourceFile(file: ts.SourceFile, options: ts.CompilerOptions): void };

/**
 * Parses a cell. All that it declares at its top level is exported, so that its variables are properties of the scope
 * that all cells share: that is what lets a later assignment reach the functions and loops of an earlier cell.
 *
 * @param held the file that a program has in the cell's place: it becomes the cell, and the program is the cell's.
 */
export function parseCell(
  fileName: string,
  code: string,
  options: ts.CompilerOptions,
  held?: ts.SourceFile,
): CellFile {
  let parsed = parse(fileName, code);
  const extra = [...importedNames(parsed), ...nestedVars(parsed)];
  if (extra.length > 0) parsed = parse(fileName, `${code}\nexport { ${extra.join(", ")} };`);
  const file = held === undefined ? parsed : replaced(held, parsed);
  const version = String(++versions);
  const snapshot = ts.ScriptSnapshot.fromString(file.text);
  const bound = file as Bound;
  bound.version = version;
  bound.scriptSnapshot = snapshot;
  exporting(file, () => binder.bindSourceFile(file, options));
  return { file, version, snapshot, code, names: declaredNames(bound) };
}

function parse(fileName: string, text: string): ts.SourceFile {
  return ts.createSourceFile(
    fileName,
    text,
    {
      languageVersion: ts.ScriptTarget.ES2022,
      // Every cell is a module, so that the parser understands a top-level await.
      setExternalModuleIndicator: (parsed) => {
        (parsed as { externalModuleIndicator?: unknown }).externalModuleIndicator = true;
      },
    },
    true,
  );
}

/** What a program has found out about a file, whatever the file says. */
const ofProgram = [
  "fileName",
  "path",
  "resolvedPath",
  "originalFileName",
  "packageJsonLocations",
  "packageJsonScope",
  "impliedNodeFormat",
];

/** The file as a program holds it, with another content that imports nothing. What is bound and checked goes by the id of nodes: they are new. */
function replaced(held: ts.SourceFile, content: ts.SourceFile): ts.SourceFile {
  const file = held as ts.SourceFile & Record<string, unknown>;
  const parsed = content as ts.SourceFile & Record<string, unknown>;
  const keys = new Set([...Object.keys(file), ...Object.keys(parsed)]);
  for (const key of keys) if (!ofProgram.includes(key)) file[key] = parsed[key];
  Object.assign(file, { imports: [], moduleAugmentations: [], ambientModuleNames: [] });
  ts.forEachChild(file, (child) => {
    (child as { parent: ts.Node }).parent = file;
  });
  return file;
}

/**
 * Whether what a cell sees is in every program already: it may import nothing, and add nothing to what is global. Says no
 * to some that could: the words may stand anywhere.
 */
export function addsNoFile(code: string): boolean {
  return !/\b(?:import|from|module|global)\b|\/\/\//.test(code);
}

/**
 * Does work that must see all that a cell declares as exports: binding and emitting. The checker must not see them so:
 * `const rows = []` takes its type from what is put in, but not if it is an export.
 */
export function exporting(file: ts.SourceFile, work: () => void): void {
  const declaring = file.statements.filter(isExportable);
  const before = declaring.map((statement) => statement.modifiers);
  for (const statement of declaring) {
    const at = statement.getStart(file);
    const modifier = ts.factory.createModifier(ts.SyntaxKind.ExportKeyword);
    (modifier as { parent: ts.Node }).parent = statement;
    const own = [...(statement.modifiers ?? [])];
    const decorators = own.filter(ts.isDecorator);
    const list = [
      ...decorators,
      ts.setTextRange(modifier, { pos: at, end: at }),
      ...own.slice(decorators.length),
    ];
    const end = own.at(-1)?.end ?? at;
    setModifiers(
      statement,
      ts.setTextRange(ts.factory.createNodeArray(list), { pos: own[0]?.pos ?? at, end }),
    );
  }
  work();
  for (const [index, statement] of declaring.entries()) setModifiers(statement, before[index]);
}

function setModifiers(statement: ts.Statement, modifiers: ts.NodeArray<ts.ModifierLike> | undefined): void {
  Object.assign(statement, { modifiers, modifierFlagsCache: 0 });
}

type Exportable =
  | ts.VariableStatement
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.EnumDeclaration
  | ts.ModuleDeclaration;

/** Whether a top-level statement declares values and does not yet say `export`. */
function isExportable(node: ts.Node): node is Exportable {
  const declares =
    (ts.isVariableStatement(node) && !(node.declarationList.flags & ts.NodeFlags.Using)) ||
    ((ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && node.name !== undefined) ||
    ts.isEnumDeclaration(node) ||
    (ts.isModuleDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      !(node.flags & ts.NodeFlags.GlobalAugmentation));
  if (!declares) return false;
  const flags = ts.getCombinedModifierFlags(node as ts.Declaration & ts.Statement);
  return !(flags & (ts.ModifierFlags.Export | ts.ModifierFlags.Default | ts.ModifierFlags.Ambient));
}

function importedNames(file: ts.SourceFile): string[] {
  return file.statements.flatMap((statement) => {
    if (ts.isImportEqualsDeclaration(statement)) return [statement.name.text];
    if (!ts.isImportDeclaration(statement)) return [];
    const { name, namedBindings } = statement.importClause ?? {};
    const names = name === undefined ? [] : [name.text];
    if (namedBindings === undefined) return names;
    if (ts.isNamespaceImport(namedBindings)) return [...names, namedBindings.name.text];
    return [...names, ...namedBindings.elements.map((element) => element.name.text)];
  });
}

/** `var`s inside of top-level loops and blocks: they too are variables of the cell. */
function nestedVars(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const add = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) names.add(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) add(element.name);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) {
      for (const { name } of node.declarations) add(name);
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of file.statements) if (!ts.isVariableStatement(statement)) visit(statement);
  return names;
}

function declaredNames({ locals }: Bound): CellFile["names"] {
  const values = ts.SymbolFlags.Value | ts.SymbolFlags.ExportValue;
  return new Map(
    [...(locals ?? [])].map(([name, { flags, declarations }]) => {
      if (flags & ts.SymbolFlags.Alias) return [name, "import"];
      const ambient = declarations?.every(isDeclared);
      return [name, flags & values && !ambient ? "value" : "type"];
    }),
  );
}

/** `declare const x`: the value comes from elsewhere. */
function isDeclared(node: ts.Declaration): boolean {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Ambient) !== 0;
}

/** Whether the name occurs in the cell. */
export function mentions({ file }: CellFile, name: string): boolean {
  return (file as Bound).identifiers.has(name);
}

/** Takes a declaration back: the name means again what it meant before the cell. */
export function hide({ file }: CellFile, name: string): void {
  const { locals, symbol } = file as Bound;
  locals?.delete(name);
  symbol?.exports?.delete(ts.escapeLeadingUnderscores(name));
}

/** Names that the cell does not declare are looked up in the one before it. */
export function chain(cell: CellFile, before: CellFile | undefined): void {
  (cell.file as { parent: ts.Node | undefined }).parent = before?.file;
}
