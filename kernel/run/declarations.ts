import ts, { type Expression, type TypeNode } from "typescript";

/** A variable that a cell declares at its top level. */
export interface Declaration {
  keyword: "let" | "const" | "var";
  name: string;
  /** The type as written; undefined where it is inferred. */
  type: string | undefined;
  /** What a value for it must be, as far as the declaration says so plainly. */
  kind: "string" | "number" | "boolean" | "any";
}

/** The variables that a cell declares at its top level, in order. */
export function declarationsOf(code: string): Declaration[] {
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true);
  return file.statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) => {
    const { flags } = declarationList;
    const keyword = flags & ts.NodeFlags.Const ? "const" : flags & ts.NodeFlags.Let ? "let" : "var";
    return declarationList.declarations.flatMap(({ name, type, initializer }): Declaration[] =>
      ts.isIdentifier(name)
        ? [
            {
              keyword,
              name: name.text,
              type: type?.getText(file),
              kind: type ? kindOfType(type) : kindOfValue(initializer),
            },
          ]
        : [],
    );
  });
}

function kindOfType({ kind }: TypeNode): Declaration["kind"] {
  if (kind === ts.SyntaxKind.StringKeyword) return "string";
  if (kind === ts.SyntaxKind.NumberKeyword) return "number";
  return kind === ts.SyntaxKind.BooleanKeyword ? "boolean" : "any";
}

function kindOfValue(value: Expression | undefined): Declaration["kind"] {
  if (value === undefined) return "any";
  if (ts.isStringLiteralLike(value) || ts.isTemplateExpression(value)) return "string";
  if (ts.isPrefixUnaryExpression(value)) return kindOfValue(value.operand);
  if (ts.isNumericLiteral(value)) return "number";
  const truth = value.kind === ts.SyntaxKind.TrueKeyword || value.kind === ts.SyntaxKind.FalseKeyword;
  return truth ? "boolean" : "any";
}
