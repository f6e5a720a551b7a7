import ts from "typescript";
import type { Column, ColumnType } from "../../../lib/index.js";
import type { Export } from "../source.js";

/**
 * The columns of a function whose file has them as plain data: a constant `columns` of object literals. Undefined where the file has
 * none, or computes some of them.
 */
export function literalColumns({ declarations }: Export): Column[] | undefined {
  const [declaration] = declarations;
  if (declaration === undefined || !ts.isFunctionDeclaration(declaration)) return undefined;
  if (!/^Promise<(Table|Frame)>$/.test(declaration.type?.getText() ?? "")) return undefined;
  const constants = declaration
    .getSourceFile()
    .statements.filter(ts.isVariableStatement)
    .flatMap((statement) => [...statement.declarationList.declarations]);
  const initializer = constants.find((constant) => constant.name.getText() === "columns")?.initializer;
  if (initializer === undefined || !ts.isArrayLiteralExpression(initializer)) return undefined;
  const columns = initializer.elements.map(literalColumn);
  return columns.every((column) => column !== undefined) ? columns : undefined;
}

function literalColumn(element: ts.Expression): Column | undefined {
  if (!ts.isObjectLiteralExpression(element)) return undefined;
  const texts: Record<string, string> = {};
  for (const property of element.properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isStringLiteralLike(property.initializer)) return undefined;
    texts[property.name.getText()] = property.initializer.text;
  }
  const { name, type, unit, meaning } = texts;
  if (name === undefined || type === undefined || meaning === undefined) return undefined;
  return { name, type: type as ColumnType, ...(unit === undefined ? {} : { unit }), meaning };
}
