import ts from "typescript";
import type { CellFile } from "./cell-file.js";
import { injected } from "./injected.js";

const { factory } = ts;
const internal = ts as unknown as { isExpressionNode(node: ts.Node): boolean };

/**
 * What becomes of a cell's code before the compiler emits it: names of earlier cells become properties of the shared
 * scope, the last expression becomes the cell's result, loops and functions ask whether they should stop, and
 * `import()` and `import.meta` are those of the notebook.
 */
export function cellTransformer(
  checker: ts.TypeChecker,
  cellOf: (file: ts.SourceFile) => CellFile | undefined,
): ts.TransformerFactory<ts.SourceFile> {
  /** Whether a symbol is a value that an earlier cell has declared. */
  const isEarlier = (symbol: ts.Symbol | undefined): boolean =>
    symbol?.declarations?.some((declaration) => {
      const kind = cellOf(declaration.getSourceFile())?.names.get(symbol.name);
      return (kind === "value" || kind === "import") && isTopLevel(declaration);
    }) ?? false;
  const inScope = (name: ts.Identifier): ts.Expression =>
    ts.setTextRange(
      factory.createPropertyAccessExpression(factory.createIdentifier("exports"), name.text),
      name,
    );

  return (context) => (file) => {
    const result = lastExpression(file);

    const visit = (node: ts.Node): ts.Node => {
      if (ts.isExpressionWithTypeArguments(node) && ts.isHeritageClause(node.parent)) {
        const base = ts.visitNode(node.expression, visit) as ts.Expression;
        return factory.updateExpressionWithTypeArguments(node, base, node.typeArguments);
      }
      if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
        return node;
      if (ts.isIdentifier(node)) return identifier(node);
      if (ts.isShorthandPropertyAssignment(node)) return shorthand(node);
      if (ts.isCallExpression(node)) return call(node);
      if (ts.isTaggedTemplateExpression(node)) {
        const visited = ts.visitEachChild(node, visit, context);
        return factory.updateTaggedTemplateExpression(
          visited,
          unbound(node.tag, visited.tag),
          visited.typeArguments,
          visited.template,
        );
      }
      if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) return given("meta");
      const visited = ts.visitEachChild(node, visit, context);
      if (isLoopBody(node)) return begunWith("loop", visited as ts.Statement);
      if (isFunctionBody(node)) return begunWith("enter", visited as ts.Statement);
      if (ts.isArrowFunction(visited) && !ts.isBlock(visited.body))
        return enteredArrow(visited, visited.body);
      return visited;
    };

    const identifier = (node: ts.Identifier): ts.Node =>
      internal.isExpressionNode(node) && isEarlier(checker.getSymbolAtLocation(node)) ? inScope(node) : node;

    const shorthand = (node: ts.ShorthandPropertyAssignment): ts.Node => {
      const value = ts.visitNode(node.objectAssignmentInitializer, visit) as ts.Expression | undefined;
      if (!isEarlier(checker.getShorthandAssignmentValueSymbol(node)))
        return factory.updateShorthandPropertyAssignment(node, node.name, value);
      const target = inScope(node.name);
      const full = value === undefined ? target : factory.createAssignment(target, value);
      return ts.setTextRange(factory.createPropertyAssignment(node.name.text, full), node);
    };

    const call = (node: ts.CallExpression): ts.Node => {
      const visited = ts.visitEachChild(node, visit, context);
      const { expression, arguments: args } = visited;
      if (expression.kind === ts.SyntaxKind.ImportKeyword) {
        const required = factory.createIdentifier("require");
        return factory.updateCallExpression(visited, given("import"), undefined, [required, ...args]);
      }
      return factory.updateCallExpression(visited, unbound(node.expression, expression), undefined, args);
    };

    /** A function of the scope is called as a plain function, not as the scope's method. */
    const unbound = (before: ts.Expression, after: ts.Expression): ts.Expression =>
      before !== after && ts.isIdentifier(before)
        ? ts.setTextRange(
            factory.createParenthesizedExpression(
              factory.createComma(factory.createNumericLiteral(0), after),
            ),
            before,
          )
        : after;

    const topLevel = (statement: ts.Statement): ts.Statement => {
      if (statement === result) {
        const value = ts.visitNode(result.expression, visit) as ts.Expression;
        const box = factory.createObjectLiteralExpression([factory.createPropertyAssignment("value", value)]);
        const shown = factory.createAssignment(given("result"), box);
        return ts.setTextRange(factory.createExpressionStatement(shown), statement);
      }
      return ts.visitNode(statement, visit) as ts.Statement;
    };
    return factory.updateSourceFile(file, file.statements.map(topLevel));
  };
}

/** The expression whose value a cell shows: its last statement, where that is an expression. */
function lastExpression(file: ts.SourceFile): ts.ExpressionStatement | undefined {
  const last = file.statements.findLast(
    (statement) =>
      !ts.isEmptyStatement(statement) &&
      !ts.isExportDeclaration(statement) &&
      !ts.isInterfaceDeclaration(statement) &&
      !ts.isTypeAliasDeclaration(statement),
  );
  return last !== undefined && ts.isExpressionStatement(last) ? last : undefined;
}

function given(name: "meta" | "import" | "result"): ts.Expression {
  return factory.createPropertyAccessExpression(factory.createIdentifier(injected.run), name);
}

function asked(question: "loop" | "enter"): ts.Expression {
  return factory.createCallExpression(factory.createIdentifier(injected[question]), undefined, []);
}

/** Nothing else can stop a loop of a timer: the engine's own way of ending code would end the process with it. */
function isLoopBody(node: ts.Node): node is ts.Statement {
  return ts.isIterationStatement(node.parent, false) && node.parent.statement === node;
}

/** A function that is called without end is as endless as a loop. A constructor may have to call `super` first. */
function isFunctionBody(node: ts.Node): node is ts.Block {
  return ts.isBlock(node) && ts.isFunctionLike(node.parent) && !ts.isConstructorDeclaration(node.parent);
}

function begunWith(question: "loop" | "enter", body: ts.Statement): ts.Statement {
  const ask = factory.createExpressionStatement(asked(question));
  if (!ts.isBlock(body)) return factory.createBlock([ask, body]);
  const prologue = body.statements.filter(
    (statement) => ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression),
  );
  const rest = body.statements.filter((statement) => !prologue.includes(statement));
  return factory.updateBlock(body, [...prologue, ask, ...rest]);
}

function enteredArrow(node: ts.ArrowFunction, value: ts.Expression): ts.ArrowFunction {
  const body = factory.createParenthesizedExpression(factory.createComma(asked("enter"), value));
  const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken } = node;
  return factory.updateArrowFunction(
    node,
    modifiers,
    typeParameters,
    parameters,
    type,
    equalsGreaterThanToken,
    ts.setTextRange(body, value),
  );
}

/** Whether a declaration belongs to its cell, and not to a function or block of it. */
function isTopLevel(declaration: ts.Declaration): boolean {
  const symbol = (declaration as { symbol?: ts.Symbol }).symbol;
  const locals = (declaration.getSourceFile() as unknown as { locals?: Map<string, ts.Symbol> }).locals;
  const local = symbol && locals?.get(symbol.name);
  return (
    local !== undefined &&
    (local === symbol || (local as { exportSymbol?: ts.Symbol }).exportSymbol === symbol)
  );
}

/**
 * Undoes what the compiler does to the exports of a module at its start: the shared scope outlives the cell, so
 * nothing is reset, and an imported name is a plain property, which may be declared again.
 */
export const plainExports: ts.TransformerFactory<ts.SourceFile> = () => (file) =>
  factory.updateSourceFile(
    file,
    file.statements.flatMap((statement) => {
      if (!ts.isExpressionStatement(statement)) return [statement];
      const { expression } = statement;
      if (isReset(expression)) return [];
      if (!ts.isCallExpression(expression) || !isDefineExport(expression.expression)) return [statement];
      const [target, name, descriptor] = expression.arguments;
      if (target === undefined || name === undefined || descriptor === undefined) return [statement];
      if (!ts.isIdentifier(target) || target.text !== "exports" || !ts.isStringLiteral(name))
        return [statement];
      const value = returned(descriptor);
      if (value === undefined) return [];
      const property = factory.createElementAccessExpression(target, name);
      return [factory.createExpressionStatement(factory.createAssignment(property, value))];
    }),
  );

/** `exports.a = exports.b = void 0` */
function isReset(expression: ts.Expression): boolean {
  if (ts.isVoidExpression(expression)) return expression.pos < 0;
  return (
    ts.isBinaryExpression(expression) &&
    expression.pos < 0 &&
    expression.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    isReset(expression.right)
  );
}

function isDefineExport(callee: ts.Expression): boolean {
  return (
    callee.pos < 0 &&
    ts.isPropertyAccessExpression(callee) &&
    ts.isIdentifier(callee.expression) &&
    callee.expression.text === "Object" &&
    callee.name.text === "defineProperty"
  );
}

/** What the getter of a property descriptor returns. */
function returned(descriptor: ts.Expression): ts.Expression | undefined {
  if (!ts.isObjectLiteralExpression(descriptor)) return undefined;
  for (const property of descriptor.properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isFunctionExpression(property.initializer)) continue;
    const [statement] = property.initializer.body.statements;
    if (statement !== undefined && ts.isReturnStatement(statement)) return statement.expression;
  }
  return undefined;
}
