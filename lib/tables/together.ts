import { SkbookError } from "../errors/index.js";
import type { Column, Value } from "./column.js";
import { deriveTable } from "./derive.js";
import { createFrame, type Frame } from "./frame.js";
import { combined, type Provenance } from "./provenance.js";
import { Table } from "./table.js";

/**
 * The rows of several Frames or Tables with the same columns, one after the other, with a column before them that says which they are of. What is lost
 * on the way to one of them is lost here.
 *
 * @param missing what is not among them and should be, one sentence each.
 */
export async function together(
  column: string,
  meaning: string,
  sources: readonly (readonly [name: string, source: Frame | Table])[],
  missing: readonly string[],
): Promise<Frame | Table> {
  const [first] = sources;
  const columns = first?.[1].schema ?? [];
  const other = sources.find(([, source]) => signature(source) !== (first && signature(first[1])));
  if (first === undefined || other !== undefined) throw notTheSame(first?.[0], other?.[0]);
  const all: Column[] = [{ name: column, type: "VARCHAR", meaning }, ...columns];
  const provenance = provenanceOf(first[1].provenance.source, sources, missing);
  const tables = sources.map(([, source]) => source).filter((source) => source instanceof Table);
  if (tables.length < sources.length) {
    const rows = sources.flatMap(([name, source]) =>
      source instanceof Table ? [] : (source.values as Value[][]).map((row) => [name, ...row]),
    );
    return createFrame(all, rows, provenance);
  }
  const parts = sources.map(
    ([name], index) => `SELECT '${name.replaceAll("'", "''")}' AS "${column}", * FROM part${index}`,
  );
  return deriveTable(first[1].provenance.source, {
    sources: Object.fromEntries(tables.map((table, index) => [`part${index}`, table])),
    query: parts.join(" UNION ALL "),
    columns: all,
    provenance,
  });
}

/** Frames and Tables are not put together with one another, nor with others of other columns. */
function signature(source: Frame | Table): string {
  return JSON.stringify([source instanceof Table, source.schema.map(({ name, type }) => [name, type])]);
}

function provenanceOf(
  source: string,
  sources: readonly (readonly [string, Frame | Table])[],
  missing: readonly string[],
): Provenance {
  const all = combined(Object.fromEntries(sources.map(([name, one]) => [name, one.provenance])));
  return { ...all, source, partial: all.partial || missing.length > 0, notes: [...missing, ...all.notes] };
}

function notTheSame(one = "nothing", other = "nothing"): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: "put rows of several sources together",
    failed: `those of ${one} and ${other} don't have the same columns, or one is a Frame and one a Table`,
    todo: "ask all of them for the same",
  });
}
