import { type Cell, type Notebook, tagsOf } from "../notebook/index.js";
import { UsageError } from "../usage-error.js";
import { type Declaration, declarationsOf } from "./declarations.js";

const injectedTag = "injected-parameters";

/**
 * Puts a cell with the given values (`NAME=VALUE`) behind the cell tagged `parameters`, in place of the one that an
 * earlier run has put there. A value gets into the code only as a literal of its type.
 */
export function injectParameters(notebook: Notebook, given: readonly string[]): void {
  if (given.length === 0) return;
  notebook.cells = notebook.cells.filter((cell) => !tagsOf(cell).includes(injectedTag));
  const at = notebook.cells.findIndex((cell) => tagsOf(cell).includes("parameters"));
  const cell = notebook.cells[at];
  if (cell === undefined)
    throw new UsageError("the notebook takes no parameters: no cell has the tag 'parameters'");
  const declared = new Map(declarationsOf(cell.source).map((entry) => [entry.name, entry]));
  const lines = given.map((assignment) => {
    const [, name, text] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
    if (name === undefined || text === undefined) throw new UsageError(`-p ${assignment}: write NAME=VALUE`);
    const declaration = declared.get(name);
    if (declaration === undefined) {
      const known = [...declared.keys()].join(", ") || "none";
      throw new UsageError(`the notebook has no parameter '${name}'; its parameters are: ${known}`);
    }
    return render(declaration, text);
  });
  notebook.cells.splice(at + 1, 0, injectedCell(notebook, lines.join("\n")));
}

function injectedCell(notebook: Notebook, source: string): Cell {
  let id = injectedTag;
  while (notebook.cells.some((cell) => cell.id === id)) id += "-";
  return {
    cell_type: "code",
    id,
    metadata: { tags: [injectedTag] },
    source,
    execution_count: null,
    outputs: [],
  };
}

function render(declaration: Declaration, text: string): string {
  const { keyword, name, type } = declaration;
  const annotation = type === undefined ? "" : `: ${type}`;
  return `${keyword} ${name}${annotation} = ${JSON.stringify(parsed(declaration, text))};`;
}

/** The value that a text stands for: what the declaration wants, else JSON, else the text itself. */
function parsed({ name, kind }: Declaration, text: string): unknown {
  if (kind === "string") return text;
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: a string without quotes.
  }
  const fits = kind === "any" || (typeof value === kind && (kind !== "number" || Number.isFinite(value)));
  if (!fits) throw new UsageError(`the parameter '${name}' is a ${kind}, not '${text}'`);
  return value;
}
