import { expect, test } from "vitest";
import { answererOf, jupyterDisplay } from "../../lib/cell/index.js";
import { type Column, createFrame, createTable, type Frame, type Table } from "../../lib/tables/index.js";
import type { Answer, Packed, Question } from "../../lib/tables/shown/index.js";
import { provenance } from "./provenance.js";

const columns: Column[] = [
  { name: "odd \"name'; DROP TABLE", type: "INTEGER", meaning: "number" },
  { name: "few", type: "VARCHAR", meaning: "few values, some of them null" },
  { name: "big", type: "UBIGINT", meaning: "64 bits" },
];
const [number, few, big] = columns.map(({ name }) => name) as [string, string, string];
const count = 5000;
const rows = Array.from({ length: count }, (_, n) => [
  n,
  n % 7 === 0 ? null : `it's ${n % 3}`,
  18_446_744_073_709_551_615n - BigInt(n),
]);

async function table(): Promise<Table> {
  const writer = await createTable("live", columns);
  writer.append(rows);
  return writer.finish(provenance);
}

async function idOf(shown: Table | Frame): Promise<string> {
  const html = (await shown[jupyterDisplay]())["text/html"] as string;
  const json = /class="skbook-rows">(.*?)<\/script>/.exec(html)?.[1] as string;
  return (JSON.parse(json) as Packed).id as string;
}

const ask = (question: Partial<Question>) =>
  answererOf("table")?.({
    sort: [],
    filters: [],
    search: "",
    offset: 0,
    limit: 20,
    ...question,
  }) as Promise<Answer>;

test.each<[string, () => Promise<Table | Frame>]>([
  ["a Table", table],
  ["a Frame", async () => createFrame(columns, rows, { ...provenance, source: "frame" })],
])("pages of %s have every row once, in order, also among equal ones", async (_, made) => {
  const id = await idOf(await made());
  const sort = [{ column: few, descending: true }];
  const seen: number[] = [];
  for (let offset = 0; offset < count; offset += 500) {
    const { matching, rows: page } = await ask({ id, sort, offset, limit: 500 });
    expect(matching).toBe(count);
    seen.push(...page.map(([n]) => n as number));
  }
  const expected = rows
    .map(([n, text]) => [n, text] as [number, string | null])
    .sort(([n, a], [m, b]) => (a === b ? n - m : a === null ? 1 : b === null ? -1 : a < b ? 1 : -1))
    .map(([n]) => n);
  expect(seen).toEqual(expected);
});

test("filters and search count what they let through; all 64 bits arrive", async () => {
  const id = await idOf(await table());
  const filters = [
    { column: number, typed: "100..199" },
    { column: few, typed: "IT'S 1" },
  ];
  const { matching, rows: found } = await ask({ id, filters, limit: 1 });
  expect(matching).toBe(
    rows.filter(([n, text]) => Number(n) >= 100 && Number(n) < 200 && text === "it's 1").length,
  );
  expect(found).toEqual([[100, "it's 1", "18446744073709551515"]]);
  expect((await ask({ id, search: "18446744073709551515" })).matching).toBe(1);
  expect((await ask({ id, search: "%" })).matching).toBe(0);
  // What means nothing for a column filters nothing, as on the page.
  expect((await ask({ id, filters: [{ column: big, typed: "x" }] })).matching).toBe(count);
});

test("questions that overlap are each told their own count", async () => {
  const id = await idOf(await table());
  const ends = Array.from({ length: 20 }, (_, at) => at * 100);
  const answers = await Promise.all(
    ends.map((end) => ask({ id, filters: [{ column: number, typed: `<${end}` }], limit: 1 })),
  );
  expect(answers.map(({ matching }) => matching)).toEqual(ends);
});

test("the same content has the same id, and what isn't known is refused", async () => {
  const shown = await table();
  expect(await idOf(shown)).toBe(await idOf(shown));
  await expect(ask({ id: "0".repeat(32) })).rejects.toMatchObject({ code: "NOT_KEPT" });
  const id = await idOf(shown);
  await expect(ask({ id, sort: [{ column: "none", descending: false }] })).rejects.toMatchObject({
    code: "BAD_PARAMETER",
  });
  for (const wrong of [{ limit: 1_000_000 }, { offset: -1 }, { search: "x".repeat(1001) }])
    await expect(ask({ id, ...wrong })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
});

test("tables that differ behind their first rows, or in the order there, have ids of their own", async () => {
  const other = [...rows.slice(0, -1), [-1, null, 0n]];
  const swapped = [...rows.slice(0, -2), ...rows.slice(-2).reverse()];
  const tableOf = async (values: typeof rows) => {
    const writer = await createTable("live", columns);
    writer.append(values);
    return writer.finish(provenance);
  };
  const all = [rows, other, swapped] as (typeof rows)[];
  const ids = await Promise.all(all.map(async (values) => idOf(await tableOf(values))));
  const ofFrames = await Promise.all(all.map((values) => idOf(createFrame(columns, values, provenance))));
  expect(new Set([...ids, ...ofFrames]).size).toBe(6);
  expect((await ask({ id: ids[1] as string, offset: count - 1 })).rows[0]).toEqual([-1, null, 0]);
});

test("a table that is all there isn't kept", async () => {
  const small = createFrame(columns, rows.slice(0, 1000), provenance);
  expect(await idOf(small)).toBeUndefined();
});
