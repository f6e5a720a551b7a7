import { describe, expect, it } from "vitest";
import { resultColumn } from "../../lib/tables/column.js";
import { type Column, createTable, type Value } from "../../lib/tables/index.js";
import { filterSql, searchSql } from "../../lib/tables/live/condition-sql.js";
import { renderTable } from "../../lib/tables/render/index.js";
import {
  arranged,
  compareValues,
  conditionOf,
  exactValue,
  meets,
  readable,
} from "../../lib/tables/shown/index.js";
import { provenance } from "./provenance.js";

const time: Column = { name: "time_ns", type: "BIGINT", unit: "ns since 1970", meaning: "when" };
const rtt: Column = { name: "rtt_ns", type: "BIGINT", unit: "ns", meaning: "round trip" };
const gap: Column = { name: "gap_ms", type: "DOUBLE", unit: "ms", meaning: "pause" };
const share: Column = { name: "share_percent", type: "DOUBLE", unit: "%", meaning: "share" };
const bytes: Column = { name: "len_bytes", type: "UBIGINT", unit: "bytes", meaning: "length" };
const port: Column = { name: "port", type: "INTEGER", meaning: "port" };
const text: Column = { name: "text", type: "VARCHAR", meaning: "text" };
const local: Column = { name: "local", type: "BOOLEAN", meaning: "made here" };

describe("what a reader sees", () => {
  it.each<[Value, Column, string, string | undefined]>([
    [34_212_345, rtt, "34.2 ms", "34212345 ns"],
    [999_999, rtt, "1 ms", "999999 ns"],
    [-1500, rtt, "-1.5 µs", "-1500 ns"],
    [0, rtt, "0", undefined],
    [9_223_372_036_854_775_807n, rtt, "9,223,372,037 s", "9223372036854775807 ns"],
    [0.1, gap, "100 µs", "0.1 ms"],
    [14.0625, share, "14.1 %", "14.0625 %"],
    [1514, bytes, "1,514", undefined],
    [18_446_744_073_709_551_615n, bytes, "18,446,744,073,709,551,615", undefined],
    [44_312, port, "44312", undefined],
    [Number.NaN, gap, "NaN", undefined],
    [null, rtt, "null", undefined],
    [1.5, { ...gap, unit: "constructor" }, "1.5", undefined],
    [
      1_714_564_800_000_000_000,
      { ...time, type: "DOUBLE" },
      "2024-05-01 12:00:00.000000",
      "2024-05-01 12:00:00.000000000 UTC, 1714564800000000000 ns since 1970",
    ],
    [1.5, time, "1970-01-01 00:00:00.000000", "1970-01-01 00:00:00.000000002 UTC, 1.5 ns since 1970"],
    [Number.NaN, time, "NaN", undefined],
    ["\u001b[31m\u202e<b>", text, "\\u001b[31m\\u202e<b>", undefined],
    [
      1_714_564_800_000_000_001n,
      time,
      "2024-05-01 12:00:00.000000",
      "2024-05-01 12:00:00.000000001 UTC, 1714564800000000001 ns since 1970",
    ],
  ])("%s of %o", (value, column, shown, exact) => {
    expect(readable(value, column)).toEqual({ text: shown, ...(exact !== undefined && { exact }) });
  });

  it("has a name without what steers a terminal", () => {
    const columns: Column[] = [{ ...port, name: "a\u001b[31m", unit: "\u0007" }];
    const shown = renderTable({ columns, rows: [[1]], total: 1 })["text/plain"];
    expect(shown).toContain("a\\u001b[31m [\\u0007]");
  });

  it.each([
    ["shown for a moment", 5, { passing: true as const }, ""],
    ["the first of many that nobody has kept", 5, {}, ""],
    [
      "some of many that nobody has kept",
      40,
      {},
      " · some more can be paged through where the notebook is trusted",
    ],
    ["all there are", 90, {}, " · the others can be paged through where the notebook is trusted"],
    [
      "the first of many that the kernel has",
      40,
      { keep: () => {} },
      ' · the others can be paged through where the notebook is trusted; <code>.toCsv("rows.csv")</code> writes all',
    ],
  ])("says where the other rows are, of rows that are %s", (_, count, more, expected) => {
    const rows = Array.from({ length: count }, (_, n) => [n]);
    const html = renderTable({ columns: [port], rows, total: 90, ...more })["text/html"] as string;
    expect(/<p class="extent">\d+ of 90 rows × 1 column(.*)<\/p>/.exec(html)?.[1]).toBe(expected);
  });

  it("has no unit that a word of JavaScript names", () => {
    expect(resultColumn("made_constructor", "INTEGER", [])).not.toHaveProperty("unit");
  });

  it("has times in the zone that was chosen", () => {
    const { text: shown } = readable(1_714_564_800_500_000_000n, time, "Asia/Tokyo");
    expect(shown).toBe("2024-05-01 21:00:00.500000");
    expect(readable(-1n, time).text).toBe("1969-12-31 23:59:59.999999");
    expect(readable(9_223_372_036_854_775_807n, time).text).toBe("2262-04-11 23:47:16.854775");
  });
});

describe("the order of columns", () => {
  const columns = (count: number) => Array.from({ length: count }, (_, at) => ({ ...port, name: `c${at}` }));

  it("folds what has no values, and keeps all where there are no rows", () => {
    expect(arranged(columns(3), [[1, null, 2]])).toEqual({ shown: [0, 2], empty: [1] });
    expect(arranged(columns(3), [])).toEqual({ shown: [0, 1, 2], empty: [] });
  });

  it("puts what is the same in all rows behind in a wide table only", () => {
    const wide = columns(9);
    const rows = [1, 2].map((row) => wide.map((_, at) => (at < 4 ? 7 : row)));
    expect(arranged(wide, rows).shown).toEqual([4, 5, 6, 7, 8, 0, 1, 2, 3]);
    expect(arranged(wide, rows, undefined, true).shown).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(arranged(wide.slice(0, 6), rows).shown).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe("what is typed as a filter", () => {
  const all = [time, rtt, gap, share, bytes, port, text, local];
  const start = 1_714_564_800_000_000_000n;
  const rows: Value[][] = [
    [start, 1_000_000n, 1.1, 50, 18_446_744_073_709_551_615n, 443, "NO_SOCKET", true],
    [start + 1n, -5n, 0.5, 0.5, 0n, 44_300, "it's 100% <b>'", false],
    [start + 86_400_000_000_000n, 20_000_000n, 250, null, 1500n, 80, "null", null],
    [null, null, null, 99.5, 1514n, null, null, null],
    [null, null, Number.NaN, Number.POSITIVE_INFINITY, null, null, null, null],
    [start - 1n, 0n, -3, 100, 9_007_199_254_740_993n, 0, "Ünïcode _%", true],
  ];
  const asked: [Column, string[]][] = [
    [
      time,
      [
        ">2024-05-01",
        "<= 2024-05-01 12:00",
        "2024-05-01..2024-05-01T12:00:00",
        "12:00:00.000000001",
        "=1714564800000000001",
        "05-02",
        "null",
      ],
    ],
    [rtt, [">1ms", ">=1 ms", "1ms", "< 0", "!=0", "-5..5", "1,000,000", "null", "!null"]],
    [gap, [">1", "1.1", "500us..2ms", "<0.25s", ">1e2"]],
    [share, ["> 50", "0..50", ">50%"]],
    [bytes, ["18446744073709551615", ">9007199254740992", "1500..1514"]],
    [port, ["443", "!=443", "< 100"]],
    [text, ["no", "=no_socket", "!no", "!=null", "it's", "%", "_%", "null", "!null", "Ü"]],
    [local, ["true", "!true", "fal"]],
  ];

  it("means the same on the page and in SQL", async () => {
    const writer = await createTable("filtered", all);
    writer.append(rows);
    const table = await writer.finish(provenance);
    let some = 0;
    for (const [column, texts] of asked) {
      for (const typed of texts) {
        const condition = conditionOf(typed, column);
        if (condition === undefined) throw new Error(`${column.name} ${typed} means nothing`);
        const index = all.indexOf(column);
        const here = rows.filter((row) => meets(condition, row[index] ?? null, column));
        const found = await table.sql(`FROM this WHERE ${filterSql(column, typed)}`);
        expect([column.name, typed, found.values.length]).toEqual([column.name, typed, here.length]);
        const names = await table.sql(`SELECT ${column.name} FROM this WHERE ${filterSql(column, typed)}`);
        expect(names.values.flat().map((value) => (value === null ? null : String(value)))).toEqual(
          here.map((row) => (row[index] === null ? null : String(row[index]))),
        );
        if (here.length > 0) some += 1;
      }
    }
    expect(some).toBeGreaterThan(30);
    for (const wanted of ["no_", "'", "2024-05-01 12:00:00.000000001", "1844", "%", "true"]) {
      const here = rows.filter((row) =>
        all.some((column, at) =>
          exactValue(row[at] ?? null, column)
            .toLowerCase()
            .includes(wanted),
        ),
      );
      expect((await table.sql(`FROM this WHERE ${searchSql(all, wanted)}`)).values.length).toBe(here.length);
      expect(here.length).toBeGreaterThan(0);
    }
  });

  it("is sorted on the page as in SQL, also beside NaN", async () => {
    const writer = await createTable("sorted", [gap]);
    writer.append([[3], [Number.NaN], [1], [null], [Number.POSITIVE_INFINITY], [2]]);
    const table = await writer.finish(provenance);
    const values = (await table.sql("FROM this")).values.flat().filter((value) => value !== null) as Value[];
    for (const [order, sign] of [["ASC", 1] as const, ["DESC", -1] as const]) {
      const sorted = await table.sql(`FROM this WHERE gap_ms IS NOT NULL ORDER BY gap_ms ${order}`);
      expect(values.toSorted((a, b) => sign * compareValues(a, b))).toEqual(sorted.values.flat());
    }
  });

  it.each([
    [rtt, "ms"],
    [rtt, ">"],
    [port, "abc"],
    [port, ">5ms"],
    [rtt, ">5constructor"],
    [gap, ">1e999"],
    [gap, ">1e308s"],
    [time, "> yesterday"],
    [gap, "1..x"],
    [port, "1; DROP TABLE this"],
  ])("is refused where it means nothing: %o %s", (column, typed) => {
    expect(conditionOf(typed, column)).toBeUndefined();
  });
});
