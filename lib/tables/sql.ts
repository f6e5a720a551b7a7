import { SkbookError } from "../errors/index.js";
import { quoted, type Value } from "./column.js";
import { withConnection } from "./database.js";
import { createFrame, type Frame, loadRows } from "./frame.js";
import { combined } from "./provenance.js";
import { frameLimit, readRows } from "./rows.js";
import { checkedSelect } from "./select.js";
import { isPacketSource, type PacketSource, packetTable } from "./source.js";
import { Table } from "./table.js";

/**
 * Runs one SELECT of DuckDB's SQL on several Tables and Frames, which the query calls by the names given: what a host dropped beside
 * what a capture saw.
 *
 * @param query a SELECT.
 * @param sources the Tables and Frames, by name; a capture stands for the Table of its `packets`.
 * @returns a Frame of at most 100,000 rows. What was lost on the way to one of the sources is lost here.
 * @throws SkbookError `SQL_FAILED` with DuckDB's message, `FRAME_TOO_LARGE`, `BAD_PARAMETER`.
 * @example await sql("SELECT * FROM drops JOIN resent USING (src_port)", { drops, resent })
 */
export async function sql(
  query: string,
  sources: { [name: string]: Table | Frame | PacketSource },
): Promise<Frame> {
  const tables: [name: string, source: Table | Frame][] = [];
  for (const [name, source] of Object.entries(sources)) tables.push([name, await rowsFrom(name, source)]);
  return withConnection(async (connection) => {
    for (const [name, source] of tables) {
      if (source instanceof Table) {
        await connection.run(`CREATE TEMP VIEW ${quoted(name)} AS FROM ${quoted(source.name)}`);
      } else await loadRows(connection, name, source.schema, source.values as Value[][]);
    }
    const selection = await checkedSelect(
      connection,
      query,
      tables.flatMap(([, source]) => source.schema),
    );
    const rows = await readRows(connection, query, selection, frameLimit);
    const provenances = tables.map(([name, source]) => [name, source.provenance] as const);
    return createFrame(selection.columns, rows, combined(Object.fromEntries(provenances), query));
  });
}

async function rowsFrom(name: string, source: Table | Frame | PacketSource): Promise<Table | Frame> {
  if (isPacketSource(source)) return source[packetTable]();
  if (source?.schema === undefined) throw notASource(name, source);
  return source;
}

function notASource(name: string, source: unknown): SkbookError {
  const isPromise = typeof (source as { then?: unknown } | null | undefined)?.then === "function";
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: `run a query on ${name}`,
    failed: isPromise
      ? `${name} is the promise of a result, not the result`
      : `${name} is neither a Table, a Frame nor a capture`,
    todo: isPromise
      ? `await the call that makes it: const ${name} = await ...`
      : "give what a probe or an analysis returns; danfojs' own methods return plain DataFrames, .sql() keeps Frames",
  });
}
