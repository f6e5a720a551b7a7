import { withConnection } from "./database.js";
import { type Derivation, selectionOf } from "./derive.js";
import { explained } from "./select.js";
import type { Bindings } from "./vector.js";

/** Some rows of a query: of each column its numbers. They are only valid until the next rows are read. */
export interface NumberRows {
  rows: number;
  columns: readonly Float64Array[];
}

/**
 * Reads rows of numbers piece by piece, without keeping them. Nulls have no place in them: the query replaces them.
 *
 * @param derivation whose columns are all DOUBLE.
 */
export function streamNumbers(
  derivation: Derivation,
  visit: (piece: NumberRows) => Promise<void>,
): Promise<void> {
  return withConnection(async (connection) => {
    const { default: bindings } = await import("@duckdb/node-bindings");
    const { sql, columns } = selectionOf(derivation);
    await explained(
      derivation.query,
      async () => {
        const result = await connection.stream(sql);
        for (
          let chunk = await result.fetchChunk();
          chunk && chunk.rowCount > 0;
          chunk = await result.fetchChunk()
        ) {
          const rows = chunk.rowCount;
          await visit({
            rows,
            columns: columns.map((_, index) => numbers(bindings, chunk.chunk, index, rows)),
          });
        }
      },
      connection,
    );
  });
}

function numbers(bindings: Bindings, chunk: DataChunk, index: number, rows: number): Float64Array {
  const bytes = bindings.vector_get_data(bindings.data_chunk_get_vector(chunk, index), rows * 8);
  return new Float64Array(bytes.buffer, bytes.byteOffset, rows);
}

type DataChunk = Parameters<Bindings["data_chunk_get_vector"]>[0];
