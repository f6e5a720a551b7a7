import type { Column } from "../../lib/index.js";
import { columnsLine } from "./comment.js";
import type { Export } from "./source.js";

/** Most characters of a line of a list in a doc comment, its ` * ` included. */
const width = 130;

/** A source file with the lists of columns in its doc comments as the columns really are. */
export function withColumnLists(
  text: string,
  lists: readonly { of: Export; columns: readonly Column[] }[],
): string {
  // From the last to the first, so that the places of the others stay.
  const placed = lists
    .map(({ of, columns }) => ({ ...commentRange(of), of, columns }))
    .sort((a, b) => b.start - a.start);
  let result = text;
  for (const { start, end, of, columns } of placed) {
    const comment = result.slice(start, end);
    result = result.slice(0, start) + withList(comment, of, columns) + result.slice(end);
  }
  return result;
}

function commentRange({ documented }: Export): { start: number; end: number } {
  const end = documented.getStart();
  // Of several comments the last one is the doc comment.
  const start = documented.getSourceFile().text.slice(0, end).lastIndexOf("/**");
  return { start, end };
}

function withList(comment: string, { name, file }: Export, columns: readonly Column[]): string {
  const lines = comment.split("\n");
  const head = lines.indexOf(` * ${columnsLine}`);
  if (head < 0) throw new Error(`${file}: the doc comment of ${name} has no line "${columnsLine}"`);
  const rest = lines.slice(head + 1);
  const length = rest.findIndex((line) => line === " *" || line === " */");
  return [...lines.slice(0, head + 1), ...columns.flatMap(listed), ...rest.slice(length)].join("\n");
}

/** The lines of one column. */
function listed({ name, type, unit, meaning }: Column): string[] {
  const words = `- \`${name}\` ${type}${unit === undefined ? "" : `, ${unit}`}: ${meaning}`.split(" ");
  const lines: string[] = [];
  let line = " *";
  for (const word of words) {
    if (line.length + 1 + word.length > width) {
      lines.push(line);
      line = " *  ";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
