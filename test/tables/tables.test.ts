import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../lib/cell/index.js";
import {
  type Column,
  createFrame,
  createTable,
  type Provenance,
  type Table,
} from "../../lib/tables/index.js";
import { ownFolder } from "../fixtures/own-folder.js";

const columns: Column[] = [
  { name: "time_ns", type: "BIGINT", unit: "ns since 1970", meaning: "when it was dropped" },
  { name: "reason", type: "VARCHAR", meaning: "why" },
  { name: "len_bytes", type: "INTEGER", unit: "bytes", meaning: "length" },
  { name: "rtt_ms", type: "DOUBLE", unit: "ms", meaning: "round trip" },
  { name: "local", type: "BOOLEAN", meaning: "made here" },
  { name: "cookie", type: "UBIGINT", meaning: "all 64 bits" },
];
const provenance: Provenance = {
  source: "dropEvents",
  host: "root@192.0.2.10",
  recordingId: "0001-drop-events",
  startedAt: "2024-05-01T12:00:00.000Z",
  endedAt: "2024-05-01T12:00:05.000Z",
  lost: 0,
  truncated: false,
  partial: false,
  notes: [],
  details: { command: "bpftrace <script>" },
};
const rows = [
  [1_714_564_800_000_000_001n, "NO_SOCKET", 60, 0.1, true, 18_446_744_073_709_551_615n],
  [1_714_564_800_000_000_002n, null, null, null, null, null],
  [1_714_564_800_000_000_003n, "<b>\u001b[31m&", 0, 1.5, false, 0],
] as const;

async function small(): Promise<Table> {
  const writer = await createTable("drops", columns);
  writer.append(rows);
  return writer.finish(provenance);
}

const folder = ownFolder();

describe("Table", () => {
  it("gives back what was written, with nulls and all 64 bits", async () => {
    const table = await small();
    const frame = await table.toFrame();
    expect(await table.count()).toBe(3);
    expect(frame.values).toEqual([
      [rows[0][0], "NO_SOCKET", 60, 0.1, true, rows[0][5]],
      [rows[1][0], null, null, null, null, null],
      [rows[2][0], rows[2][1], 0, 1.5, false, 0n],
    ]);
    expect(frame.schema).toEqual(columns);
    expect(frame.provenance).toEqual(provenance);
  });

  it("keeps units by name and type, and reads others off the name", async () => {
    const frame = await (await small()).sql(
      "WITH q AS (SELECT * FROM this) SELECT max(time_ns) AS time_ns, sum(len_bytes) AS len_bytes, max(len_bytes) AS len_max_bytes, " +
        "count(*) AS n, 1.5 AS d, [1, 2] AS l, {'x': 1} AS s, TIMESTAMP '2024-01-01 00:00:00' AS t FROM q; -- end",
    );
    expect(frame.values).toEqual([[rows[2][0], 60, 60, 3, 1.5, "[1,2]", '{"x":1}', "2024-01-01 00:00:00"]]);
    const schema = frame.schema.map(({ name, type, unit }) => `${name} ${type} ${unit}`);
    expect(schema).toEqual([
      "time_ns BIGINT ns since 1970",
      "len_bytes BIGINT bytes",
      "len_max_bytes INTEGER bytes",
      "n BIGINT undefined",
      "d DOUBLE undefined",
      "l VARCHAR undefined",
      "s VARCHAR undefined",
      "t VARCHAR undefined",
    ]);
    expect(frame.provenance.details.sql).toContain("WITH q");
  });

  it.each([
    ["SELECT reasn FROM this", "reason"],
    ["SELEC 1", "syntax error"],
    ["DROP TABLE this", "one SELECT"],
    ["SELECT 1; SELECT 2", "one SELECT"],
    ["", "one SELECT"],
    ["SELECT CAST(reason AS INTEGER) FROM this", "Conversion"],
  ])("refuses %j and says why", async (query, why) => {
    const table = await small();
    await expect(table.sql(query)).rejects.toMatchObject({
      code: "SQL_FAILED",
      failed: expect.stringContaining(why),
    });
    await expect(table.query(query)).rejects.toMatchObject({ code: "SQL_FAILED" });
    expect(await table.count()).toBe(3);
  });

  it("streams a million rows, makes Tables of any size and Frames up to the limit", async () => {
    const writer = await createTable("many", [
      { name: "n", type: "BIGINT", meaning: "number" },
      { name: "text", type: "VARCHAR", meaning: "text" },
    ]);
    for (let start = 0; start < 1_000_000; start += 5000) {
      writer.append(Array.from({ length: 5000 }, (_, index) => [start + index, `row ${start + index}`]));
    }
    const table = await writer.finish(provenance);
    const [sum] = (await table.sql("SELECT sum(n), count(DISTINCT text) FROM this")).values;
    expect(sum).toEqual([499_999_500_000, 1_000_000]);
    await expect(table.toFrame()).rejects.toMatchObject({
      code: "FRAME_TOO_LARGE",
      details: { count: 1_000_000, limit: 100_000 },
    });
    const half = await table.query("SELECT n FROM this WHERE n % 2 = 0 ORDER BY n DESC");
    expect(await half.count()).toBe(500_000);
    expect((await half.head(2)).values).toEqual([[999_998], [999_996]]);
    expect((await half.toFrame({ limit: 500_000 })).shape).toEqual([500_000, 1]);
  });

  it("drops what was written when it is discarded", async () => {
    const writer = await createTable("gone", columns);
    writer.append(rows);
    await writer.discard();
  });

  it("writes Parquet whole or not at all, and replaces only when told to", async () => {
    const table = await small();
    const path = join(folder, "it's.parquet");
    await table.toParquet(path);
    await expect(table.toParquet(path)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    await table.toParquet(path, { overwrite: true });
    const read = await table.sql(`SELECT count(*) FROM '${path.replaceAll("'", "''")}'`);
    expect(read.values).toEqual([[3]]);
    await expect(table.toParquet(join(folder, "none", "x.parquet"))).rejects.toMatchObject({
      code: "WRITE_FAILED",
    });
    await writeFile(join(folder, "file"), "");
    await expect(table.toParquet(join(folder, "file", "x"))).rejects.toMatchObject({ code: "WRITE_FAILED" });
    expect((await readdir(folder)).sort()).toEqual(["file", "it's.parquet"]);
  });
});

describe("Frame", () => {
  it("is a danfojs DataFrame and answers SQL", async () => {
    const frame = createFrame(columns, rows, provenance);
    expect(frame.shape).toEqual([3, 6]);
    expect(frame.column("len_bytes").mean()).toBe(30);
    const answer = await frame.sql(
      "SELECT reason, len_bytes FROM this WHERE len_bytes IS NOT NULL ORDER BY len_bytes",
    );
    expect(answer.values).toEqual([
      [rows[2][1], 0],
      ["NO_SOCKET", 60],
    ]);
    expect(answer.schema[1]).toEqual(columns[2]);
    await expect(frame.sql("SELECT nothing FROM this")).rejects.toMatchObject({ code: "SQL_FAILED" });
  });

  it("keeps its columns without rows", async () => {
    const frame = createFrame(columns, [], provenance);
    expect(frame.shape).toEqual([0, 6]);
    expect((await frame.sql("SELECT count(*), max(len_bytes) FROM this")).values).toEqual([[0, null]]);
    expect((await frame.sql("SELECT reason FROM this")).schema).toEqual([columns[1]]);
    expect(frame[jupyterDisplay]()["text/plain"]).toContain("0 rows × 6 columns");
  });

  it("doesn't mix numbers and bigints in a column", () => {
    const column: Column = { name: "n", type: "BIGINT", meaning: "number" };
    expect(createFrame([column], [[1n], [null], [3]], provenance).values).toEqual([[1], [null], [3]]);
    expect(createFrame([column], [[2n ** 60n], [3]], provenance).values).toEqual([[2n ** 60n], [3n]]);
  });

  it("works with columns named like its own members", async () => {
    const names = ["values", "schema", "provenance", "sql", "columns", "shape", "index"];
    const odd = names.map((name): Column => ({ name, type: "INTEGER", meaning: name }));
    const frame = createFrame(odd, [names.map((_, index) => index)], provenance);
    expect(frame[jupyterDisplay]()["text/plain"]).toContain("values  schema  provenance");
  });
});

describe("what is shown", () => {
  it("has types, units, exact values and nothing that acts", async () => {
    // The first one of a session brings a script along.
    await (await small())[jupyterDisplay]();
    const bundle = await (await small())[jupyterDisplay]();
    const html = String(bundle["text/html"]);
    const text = String(bundle["text/plain"]);
    expect(html).toMatch(/title="length\nINTEGER, bytes">len_bytes<br><small>bytes</);
    expect(html).toContain("<i>null</i>");
    expect(html).toContain("&lt;b&gt;\\u001b[31m&amp;");
    expect(html).not.toContain("<b>\u001b");
    expect(html).toContain(
      'title="2024-05-01 12:00:00.000000001 UTC, 1714564800000000001 ns since 1970">2024-05-01 12:00:00.000000<',
    );
    expect(html).toContain("<summary>dropEvents on root@192.0.2.10 · 0 lost</summary>");
    expect(html).toContain("bpftrace &lt;script&gt;");
    expect(html).not.toContain('class="warning"');
    expect(text).toMatch(/rtt_ms \[ms\]/);
    expect(text).toContain("18446744073709551615");
    expect(text).not.toContain("\u001b");
    expect(bundle).toEqual(await (await small())[jupyterDisplay]());
  });

  it("says what is missing beside the rows", () => {
    const shown = createFrame(columns, rows, { ...provenance, lost: 1234, truncated: true, partial: true });
    expect(shown[jupyterDisplay]()["text/plain"]).toContain(
      "3 rows × 6 columns · 1,234 lost · truncated: a limit was reached · partial: damaged input, or ended early",
    );
    const unknown = createFrame(columns, rows, { ...provenance, lost: "unknown" });
    expect(unknown[jupyterDisplay]()["text/html"]).toContain('class="warning">loss unknown</b>');
  });

  it("shows the first rows of many and counts all", () => {
    const many = Array.from({ length: 12_345 }, (_, index) => [index]);
    const frame = createFrame([{ name: "n", type: "INTEGER", meaning: "number" }], many, provenance);
    expect(frame[jupyterDisplay]()["text/plain"]).toContain("20 of 12,345 rows × 1 column");
  });
});
