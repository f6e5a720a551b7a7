import ts from "typescript";

/** A doc comment, taken apart. Texts are Markdown, with `{@link ...}` in them. */
export interface Comment {
  /** What stands before the first tag. */
  text: string;
  parameters: { name: string; text: string }[];
  returns: string;
  throws: string;
  examples: string[];
}

/** The line that a list of columns stands under. */
export const columnsLine = "Columns:";

/**
 * Reads the doc comment on a declaration; empty where there is none.
 *
 * @param options.columns leave the list of columns in the text. Default false.
 */
export function commentOn(node: ts.Node, { columns = false }: { columns?: boolean } = {}): Comment {
  const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
  const tags = ts.getJSDocTags(node);
  const textsOf = (...names: string[]) =>
    tags.filter((tag) => names.includes(tag.tagName.text)).map((tag) => textOf(tag.comment));
  return {
    text: columns ? textOf(comment?.comment) : withoutColumns(textOf(comment?.comment)),
    parameters: tags.filter(ts.isJSDocParameterTag).map((tag) => ({
      name: tag.name.getText(),
      text: textOf(tag.comment),
    })),
    returns: textsOf("returns").join(" "),
    throws: textsOf("throws").join(" "),
    examples: textsOf("example"),
  };
}

function textOf(comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string {
  return (ts.getTextOfJSDocComment(comment) ?? "").trim();
}

/** A page shows the columns as a table. */
function withoutColumns(text: string): string {
  const paragraphs = text.split(/\n{2,}/);
  return paragraphs.filter((paragraph) => !paragraph.startsWith(`${columnsLine}\n- `)).join("\n\n");
}
