import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tableFromIPC } from "@uwdata/flechette";
import { describe, expect, it } from "vitest";
import { type Column, createFrame, createTable, type Frame, type Table } from "../../lib/tables/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { provenance } from "./provenance.js";

const columns: Column[] = [
  { name: "time_ns", type: "BIGINT", unit: "ns since 1970", meaning: "when" },
  { name: "reason", type: "VARCHAR", meaning: "why" },
  { name: "len_bytes", type: "INTEGER", unit: "bytes", meaning: "length" },
  { name: "rtt_ms", type: "DOUBLE", unit: "ms", meaning: "round trip" },
  { name: "local", type: "BOOLEAN", meaning: "made here" },
  { name: "cookie", type: "UBIGINT", meaning: "all 64 bits" },
];
const rows = [
  [1_714_564_800_000_000_001n, 'a "quoted", text', 60, 0.1, true, 18_446_744_073_709_551_615n],
  [1_714_564_800_000_000_002n, null, null, null, null, null],
] as const;

async function table(): Promise<Table> {
  const writer = await createTable("files", columns);
  writer.append(rows);
  return writer.finish(provenance);
}

const folder = ownFolder();

const sources: [string, () => Promise<Table | Frame>][] = [
  ["a Table", table],
  ["a Frame", async () => createFrame(columns, rows, provenance)],
];

it("writes JSON that others can read, also of numbers that JSON has not", async () => {
  const rtt: Column = { name: 'rtt "ms"', type: "DOUBLE", meaning: "round trip" };
  const values = [Number.NaN, Number.POSITIVE_INFINITY, 0.5, null];
  const path = join(folder, "numbers.json");
  await createFrame(
    [rtt],
    values.map((value) => [value]),
    provenance,
  ).toJson(path);
  const read = JSON.parse(await readFile(path, "utf8"));
  expect(read).toEqual([null, null, 0.5, null].map((value) => ({ [rtt.name]: value })));
});

it("writes no CSV that a spreadsheet takes for a formula; other formats have the text as it is", async () => {
  const reason: Column = { name: "reason", type: "VARCHAR", meaning: "why" };
  const delta: Column = { name: "delta", type: "INTEGER", meaning: "signed" };
  const texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "a=1", "", null];
  const frame = createFrame(
    [reason, delta],
    texts.map((text) => [text, -1]),
    provenance,
  );
  const [csv, json] = [join(folder, "formulas.csv"), join(folder, "formulas.json")];
  await frame.toCsv(csv);
  const read = (await readFile(csv, "utf8")).trimEnd().split("\n").slice(1);
  expect(read).toEqual([
    "'=1+1,-1",
    "'+1,-1",
    "'-1,-1",
    "'@SUM(A1),-1",
    "'\t=1,-1",
    "a=1,-1",
    '"",-1',
    ",-1",
  ]);
  await frame.toJson(json);
  expect(JSON.parse(await readFile(json, "utf8")).map((row: { reason: unknown }) => row.reason)).toEqual(
    texts,
  );
});

describe.each(sources)("%s", (kind, made) => {
  const path = (name: string) => join(folder, `${kind} ${name}`);

  it("has names, a schema and first rows", async () => {
    const source = await made();
    expect(source.columns).toEqual(columns.map(({ name }) => name));
    expect(source.schema).toEqual(columns);
    const first = await source.head(1);
    expect(first.values).toHaveLength(1);
    expect(first.schema).toEqual(columns);
    expect(first.provenance).toEqual(provenance);
    expect((await source.head()).values).toHaveLength(2);
  });

  it("writes CSV", async () => {
    await (await made()).toCsv(path("rows.csv"));
    expect((await readFile(path("rows.csv"), "utf8")).split("\n")).toEqual([
      "time_ns,reason,len_bytes,rtt_ms,local,cookie",
      '1714564800000000001,"a ""quoted"", text",60,0.1,true,18446744073709551615',
      "1714564800000000002,,,,,",
      "",
    ]);
  });

  it("writes JSON with all digits", async () => {
    await (await made()).toJson(path("rows.json"));
    const text = await readFile(path("rows.json"), "utf8");
    expect(text).toContain('"cookie":18446744073709551615');
    expect(JSON.parse(text)[1]).toMatchObject({ reason: null, len_bytes: null });
  });

  it("writes Parquet", async () => {
    const source = await made();
    await source.toParquet(path("rows.parquet"));
    expect((await source.sql(`FROM '${path("rows.parquet")}'`)).values).toEqual(
      (await source.sql("FROM this")).values,
    );
  });

  it("writes Arrow with units and meanings", async () => {
    await (await made()).toArrow(path("rows.arrow"));
    const read = tableFromIPC(await readFile(path("rows.arrow")), { useBigInt: true });
    expect(columns.map(({ name }) => [...(read.getChild(name) ?? [])])).toEqual(
      columns.map((_, index) => rows.map((row) => row[index])),
    );
    const [time] = read.schema.fields;
    expect([...(time?.metadata ?? [])]).toEqual([
      ["meaning", "when"],
      ["unit", "ns since 1970"],
    ]);
  });

  it.each(["toCsv", "toJson", "toParquet", "toArrow"] as const)(
    "%s replaces a file only when told to, and leaves nothing behind where it can't write",
    async (method) => {
      const source = await made();
      const there = path(method);
      await writeFile(there, "mine");
      await expect(source[method](there)).rejects.toMatchObject({ code: "FILE_EXISTS" });
      expect(await readFile(there, "utf8")).toBe("mine");
      await source[method](there, { overwrite: true });
      expect(await readFile(there, "utf8")).not.toBe("mine");
      await expect(source[method](join(folder, "none", "x"))).rejects.toMatchObject({ code: "WRITE_FAILED" });
      expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
    },
  );
});

it("writes an Arrow file of many batches, and of none", async () => {
  const writer = await createTable("many", [{ name: "n", type: "BIGINT", meaning: "number" }]);
  const count = 150_000;
  writer.append(Array.from({ length: count }, (_, index) => [index % 3 === 0 ? null : index]));
  const many = await writer.finish(provenance);
  await many.toArrow(join(folder, "many.arrow"));
  const read = tableFromIPC(await readFile(join(folder, "many.arrow")));
  expect(read.numRows).toBe(count);
  expect([0, 65_537, count - 2].map((row) => read.getChild("n")?.at(row))).toEqual([null, 65_537, count - 2]);
  await (await many.query("FROM this WHERE n < 0")).toArrow(join(folder, "none.arrow"));
  expect(tableFromIPC(await readFile(join(folder, "none.arrow"))).numRows).toBe(0);
});
