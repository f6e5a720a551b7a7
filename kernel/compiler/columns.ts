import ts from "typescript";
import type { Catalogue, KnownColumn } from "./catalogue.js";

/** Tables by the name that a query has for them, with their columns. */
export type Tables = ReadonlyMap<string, readonly KnownColumn[]>;

/** A text in a cell that names columns: a query, or the one name that a method of a table is given. */
export interface ColumnText {
  tables: Tables;
  isQuery: boolean;
}

/** What is known of values: the tables that variables of cells hold, and what functions return. */
export interface Values {
  readonly variables: Tables;
  readonly catalogue: Catalogue;
}

/** The text that the offset is in, where it names columns of something that is known; undefined elsewhere. */
export function columnTextAt(file: ts.SourceFile, offset: number, values: Values): ColumnText | undefined {
  const text = textAt(file, offset);
  if (text === undefined) return undefined;
  const { parent } = text;
  const of = (node: ts.Expression) => columnsIn(node, file, values);
  if (ts.isElementAccessExpression(parent)) return named(of(parent.expression));
  if (!ts.isCallExpression(parent)) return undefined;
  const { expression: callee, arguments: given } = parent;
  if (ts.isPropertyAccessExpression(callee)) {
    const columns = of(callee.expression);
    return callee.name.text === "sql" ? query(columns && new Map([["this", columns]])) : named(columns);
  }
  const [, sources] = given;
  if (!ts.isIdentifier(callee) || callee.text !== "sql" || given[0] !== text || sources === undefined)
    return undefined;
  return ts.isObjectLiteralExpression(sources) ? query(sourcesOf(sources, of)) : undefined;
}

function named(columns: readonly KnownColumn[] | undefined): ColumnText | undefined {
  return columns && { tables: new Map([["this", columns]]), isQuery: false };
}

function query(tables: Tables | undefined): ColumnText | undefined {
  return tables && { tables, isQuery: true };
}

/** `{ drops, resent: other }`: the tables that a query over several is given. */
function sourcesOf(
  { properties }: ts.ObjectLiteralExpression,
  of: (node: ts.Expression) => readonly KnownColumn[] | undefined,
): Tables {
  const tables = new Map<string, readonly KnownColumn[]>();
  for (const property of properties) {
    if (property.name === undefined) continue;
    const value = ts.isPropertyAssignment(property) ? property.initializer : property.name;
    const columns = ts.isExpression(value) ? of(value) : undefined;
    if (columns !== undefined) tables.set(property.name.getText(), columns);
  }
  return tables;
}

/** The string or template that an offset is in, as the expression that it is an argument as. */
function textAt(file: ts.SourceFile, offset: number): ts.Expression | undefined {
  let found: ts.Expression | undefined;
  const visit = (node: ts.Node): void => {
    if (offset <= node.getStart(file) || offset > node.end) return;
    if (ts.isStringLiteralLike(node) && (offset < node.end || isOpen(node))) found = node;
    if (ts.isTemplateExpression(node)) {
      const inside = [node.head, ...node.templateSpans.map(({ literal }) => literal)].some(
        (part) => offset > part.getStart(file) && offset < part.end,
      );
      if (inside) found = node;
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** A text that is still being written has no end yet. */
function isOpen(node: ts.StringLiteralLike): boolean {
  return (node as { isUnterminated?: boolean }).isUnterminated === true;
}

/** The columns of an expression: of a variable as it is, or of what a function is known to return. */
function columnsIn(
  node: ts.Expression,
  file: ts.SourceFile,
  values: Values,
): readonly KnownColumn[] | undefined {
  if (ts.isParenthesizedExpression(node) || ts.isAwaitExpression(node) || ts.isNonNullExpression(node))
    return columnsIn(node.expression, file, values);
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    const columns = values.catalogue.get(node.expression.text)?.columns ?? [];
    return columns.length === 0 ? undefined : columns;
  }
  if (!ts.isIdentifier(node)) return undefined;
  // What this cell declares is newer than what has run.
  const declared = initializerOf(node.text, file);
  return (
    (declared === undefined ? undefined : columnsIn(declared, file, values)) ??
    values.variables.get(node.text)
  );
}

function initializerOf(name: string, file: ts.SourceFile): ts.Expression | undefined {
  const declarations = file.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations]);
  return declarations.find((one) => ts.isIdentifier(one.name) && one.name.text === name)?.initializer;
}

/** A column in a line: type, unit. */
export function typeOf({ type, unit }: KnownColumn): string {
  return unit === undefined || unit === null ? type : `${type}, ${unit}`;
}
