import { SkbookError } from "../errors/index.js";
import { quoted, type Value } from "./column.js";
import { withConnection } from "./database.js";
import { createFrame, type Frame, loadRows } from "./frame.js";
import { combined } from "./provenance.js";
import { frameLimit, readRows } from "./rows.js";
import { checkedSelect } from "./select.js";
import { Table } from "./table.js";

/**
 * Runs one SELECT of DuckDB's SQL on several Tables and Frames, which the query calls by the names given: what a host dropped beside
 * what a capture saw.
 *
 * @param query a SELECT.
 * @param sources the Tables and Frames, by name.
 * @returns a Frame of at most 100,000 rows. What was lost on the way to one of the sources is lost here.
 * @throws SkbookError `SQL_FAILED` with DuckDB's message, `FRAME_TOO_LARGE`, `BAD_PARAMETER`.
 * @example await sql("SELECT * FROM drops JOIN resent USING (src_port)", { drops, resent })
 */
export async function sql(query: string, sources: { [name: string]: Table | Frame }): Promise<Frame> {
  return withConnection(async (connection) => {
    for (const [name, source] of Object.entries(sources)) {
      if (source instanceof Table) {
        await connection.run(`CREATE TEMP VIEW ${quoted(name)} AS FROM ${quoted(source.name)}`);
      } else if (source?.schema !== undefined) {
        await loadRows(connection, name, source.schema, source.values as Value[][]);
      } else throw notASource(name);
    }
    const columns = Object.values(sources).flatMap((source) =>
      source instanceof Table ? source.columns : source.schema,
    );
    const selection = await checkedSelect(connection, query, columns);
    const rows = await readRows(connection, query, selection, frameLimit);
    const provenances = Object.entries(sources).map(([name, source]) => [name, source.provenance] as const);
    return createFrame(selection.columns, rows, combined(Object.fromEntries(provenances), query));
  });
}

function notASource(name: string): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: `run a query on ${name}`,
    failed: `${name} is neither a Table nor a Frame`,
    todo: "await the call that makes it; danfojs' own methods return plain DataFrames, sql() keeps Frames",
  });
}
