import { expect, test } from "vitest";
import { createTable } from "../../lib/tables/index.js";
import { ColumnBuffer, chunkRows } from "../../lib/tables/vector.js";
import { provenance } from "./provenance.js";

const rows = 100 * chunkRows;
const column = { name: "tcp_seq", type: "BIGINT", meaning: "made" } as const;

test("a column of nulls takes memory for one piece of rows, however many there are", () => {
  const buffer = new ColumnBuffer(column);
  const nulls = Array(chunkRows).fill(null);
  for (let from = 0; from < rows; from += chunkRows) buffer.put(nulls, from);
  // biome-ignore lint/complexity/useLiteralKeys: it is nobody else's business
  expect(buffer["memory"].byteLength).toBe(8 * chunkRows);
});

test("values behind many nulls, and nulls behind few values, are where they were put", async () => {
  const writer = await createTable("made", [column, { name: "text", type: "VARCHAR", meaning: "made" }]);
  const late = rows - 10;
  const made = Array.from({ length: rows }, (_, row) => [
    row === late ? 7 : null,
    row < 3 ? `row ${row}` : null,
  ]);
  writer.append(made);
  const table = await writer.finish(provenance);
  const frame = await table.sql(
    "SELECT count(*)::INTEGER, count(tcp_seq)::INTEGER, max(tcp_seq)::INTEGER, string_agg(text, ',') FROM this",
  );
  expect(frame.values).toEqual([[rows, 1, 7, "row 0,row 1,row 2"]]);
});
