import type { Node } from "@tslab/typescript-for-tslab";
import { ts } from "./compiler.js";

/** A cell's code as the converter gets it, and the way back to where the user wrote it. */
export interface Prepared {
  code: string;
  /** The offset in the user's code of an offset in `code`. */
  origin(offset: number): number;
}

interface Insertion {
  at: number;
  text: string;
}

/**
 * Rewrites what tslab's converter gets wrong when a name comes from an earlier cell: the shorthand `{host}` becomes
 * `{host: host}`, and the renamed property of a pattern, `{q: mine}`, becomes `{"q": mine}`.
 */
export function prepare(code: string): Prepared {
  const insertions: Insertion[] = [];
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true);
  const quote = (name: Node) =>
    insertions.push({ at: name.getStart(file), text: '"' }, { at: name.getEnd(), text: '"' });
  const visit = (node: Node): void => {
    if (ts.isShorthandPropertyAssignment(node)) {
      insertions.push({ at: node.name.getStart(file), text: `${node.name.text}: ` });
    }
    if (ts.isBindingElement(node) && node.propertyName && ts.isIdentifier(node.propertyName)) {
      quote(node.propertyName);
    }
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && isAssigned(node.parent))
      quote(node.name);
    ts.forEachChild(node, visit);
  };
  visit(file);
  insertions.sort((a, b) => a.at - b.at);
  return {
    code: insertions.reduceRight(
      (text, { at, text: added }) => text.slice(0, at) + added + text.slice(at),
      code,
    ),
    origin: (offset) => originOf(offset, insertions),
  };
}

/** Whether this object literal is a pattern on the left of an assignment. */
function isAssigned(node: Node): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    return parent.left === node;
  }
  return (
    (ts.isPropertyAssignment(parent) && isAssigned(parent.parent)) ||
    (ts.isArrayLiteralExpression(parent) && isAssigned(parent))
  );
}

function originOf(offset: number, insertions: readonly Insertion[]): number {
  let added = 0;
  for (const { at, text } of insertions) {
    if (at + added >= offset) break;
    added += Math.min(text.length, offset - at - added);
  }
  return offset - added;
}
