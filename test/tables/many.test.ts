import { expect, test } from "vitest";
import { type Column, deriveTable, type Provenance, type Table } from "../../lib/tables/index.js";

const columns = Array.from(
  { length: 60 },
  (_, index): Column => ({ name: `c${index}`, type: "VARCHAR", meaning: "text" }),
);
const provenance: Provenance = {
  ...{ source: "many", host: null, recordingId: null, startedAt: null, endedAt: null },
  ...{ lost: 0, truncated: false, partial: false, notes: [], details: {} },
};
const made = (rows: number): Promise<Table> =>
  deriveTable("many", {
    sources: {},
    query: `SELECT ${columns.map(({ name }) => `'v' || i AS ${name}`).join(", ")} FROM range(${rows}) AS r(i)`,
    columns,
    provenance,
  });

// Of 2 MB each, more than DuckDB may have together.
test("Tables that nobody has any more make room for others, those that somebody has stay", async () => {
  const kept = await made(3);
  for (let index = 0; index < 700; index++) {
    const table = await made(1);
    if (index % 100 === 0) expect(await table.count()).toBe(1);
  }
  expect((await kept.sql("SELECT max(c59) AS last FROM this")).values).toEqual([["v2"]]);
});
