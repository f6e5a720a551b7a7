import { createRequire } from "node:module";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../lib/cell/index.js";
import { SkbookError } from "../../lib/errors/index.js";
import { type Column, createFrame, type Frame } from "../../lib/tables/index.js";
import { provenance } from "./provenance.js";

const columns: Column[] = [
  { name: "src_port", type: "INTEGER", meaning: "port" },
  { name: "rtt_ms", type: "DOUBLE", unit: "ms", meaning: "round trip" },
  { name: "reason", type: "VARCHAR", meaning: "why" },
];

const frame = () =>
  createFrame(
    columns,
    [
      [443, null, "a, b"],
      [22, 5, null],
      [443, 7, 'said "no"'],
      [80, 4, "c"],
    ],
    provenance,
  );

describe("describe", () => {
  it("leaves null out of the statistics of its column", () => {
    const described = frame().describe();
    expect(described.columns).toEqual(["src_port", "rtt_ms"]);
    expect(described.index).toEqual(["count", "mean", "std", "min", "median", "max", "variance"]);
    const [count, mean, std, min, median, max, variance] = described.column("rtt_ms").values;
    expect({ count, mean, min, median, max }).toEqual({ count: 3, mean: 16 / 3, min: 4, median: 5, max: 7 });
    expect(variance).toBeCloseTo(7 / 3, 12);
    expect(std).toBeCloseTo(Math.sqrt(7 / 3), 12);
  });

  it("is shown with the names of the statistics", () => {
    expect(String(frame().describe()).split("\n")[1]).toMatch(/^count +4 +3$/);
  });
});

describe("sortValues", () => {
  it("sorts numbers and text both ways, null last", () => {
    const ports = (of: { values: unknown }) => (of.values as unknown[][]).map(([port, rtt]) => [port, rtt]);
    const byRtt = [
      [80, 4],
      [22, 5],
      [443, 7],
      [443, null],
    ];
    expect(ports(frame().sortValues("rtt_ms"))).toEqual(byRtt);
    const down = [byRtt[2], byRtt[1], byRtt[0], byRtt[3]];
    expect(ports(frame().sortValues("rtt_ms", { ascending: false }))).toEqual(down);
    expect(frame().sortValues("reason").index).toEqual([0, 3, 2, 1]);
  });

  it("sorts in place", () => {
    const sorted = frame();
    sorted.sortValues("src_port", { inplace: true });
    expect(sorted.column("src_port").values).toEqual([22, 80, 443, 443]);
    expect(sorted.index).toEqual([1, 3, 0, 2]);
    expect(sorted.schema).toEqual(columns);
  });

  it("sorts a hundred thousand rows", () => {
    const rows = Array.from({ length: 100_000 }, (_, row) => [row % 1009, row / 7, "x"]);
    const sorted = createFrame(columns, rows, provenance).sortValues("src_port");
    expect(sorted.values.at(-1)).toEqual([1008, 99_890 / 7, "x"]);
  });

  it("names the columns there are when it is given another one", () => {
    const error = {
      code: "NO_SUCH_COLUMN",
      details: { name: "rtt", columns: ["src_port", "rtt_ms", "reason"] },
    };
    expect(() => frame().sortValues("rtt")).toThrow(expect.objectContaining(error));
    expect(() => frame().column("rtt")).toThrow(expect.objectContaining(error));
  });
});

it("counts null in no group", () => {
  const groups = frame().groupby(["src_port"]).col(["rtt_ms"]);
  const answers = groups.agg({ rtt_ms: ["count", "mean", "min", "sum"] }).toJSON();
  expect(answers.find(({ src_port }) => src_port === 443)).toEqual({
    src_port: 443,
    rtt_ms_count: 1,
    rtt_ms_mean: 7,
    rtt_ms_min: 7,
    rtt_ms_sum: 7,
  });
});

it("computes nothing of null, in columns and in running sums of groups", () => {
  const one = frame();
  const rtt = one.column("rtt_ms");
  expect(rtt.add(1).values).toEqual([null, 6, 8, 5]);
  expect(one.column("src_port").sub(rtt).values).toEqual([null, 17, 436, 76]);
  expect(rtt.lt(6).values).toEqual([false, true, false, true]);
  expect(one.query(rtt.lt(6)).column("src_port").values).toEqual([22, 80]);
  rtt.mul(2, { inplace: true });
  expect(rtt.values).toEqual([null, 10, 14, 8]);
  expect(one.groupby(["src_port"]).col(["rtt_ms"]).cumSum().toJSON()).toContainEqual({
    src_port: 443,
    rtt_ms_cumsum: null,
  });
});

it("computes nothing of null in what takes one column, and sorts it last", () => {
  const { values, ...ways } = {
    values: (series: { values: unknown }) => series.values,
    abs: [3, null, 1, 2],
    cumSum: [-3, null, -2, 0],
    cumProd: [-3, null, -3, -6],
    cumMin: [-3, null, -3, -3],
    cumMax: [-3, null, 1, 2],
  };
  const made = () => createFrame(columns.slice(1, 2), [[-3], [null], [1], [2]], provenance).column("rtt_ms");
  for (const [name, expected] of Object.entries(ways)) {
    const series = made();
    const method = Reflect.get(series, name) as (options?: object) => { values: unknown };
    expect(values(method.call(series)), name).toEqual(expected);
    expect(series.values).toEqual([-3, null, 1, 2]);
    method.call(series, { inplace: true });
    expect(values(series), name).toEqual(expected);
  }
  expect(made().maximum(made().mul(-1)).values).toEqual([3, null, 1, 2]);
  expect(made().minimum(made().mul(-1)).values).toEqual([-3, null, -1, -2]);
  expect(made().sortValues().values).toEqual([-3, 1, 2, null]);
  const down = made().sortValues({ ascending: false });
  expect(down.values).toEqual([2, 1, -3, null]);
  expect(down.index).toEqual([3, 2, 0, 1]);
  expect(made().argSort({ ascending: true }).values).toEqual([0, 2, 3, 1]);
});

it("gives a function all values of a row, in the places of their columns", () => {
  expect(frame().apply((row: unknown[]) => row[2]).values).toEqual(["a, b", null, 'said "no"', "c"]);
  expect(frame().apply((row: unknown[]) => row).values).toEqual(frame().values);
  expect(frame().apply((column: unknown[]) => column.length, { axis: 0 }).values).toEqual([4, 3, 3]);
});

it("has columns without rows", () => {
  const none = createFrame(columns, [], provenance);
  expect(none.column("rtt_ms").values).toEqual([]);
  expect(none.column("rtt_ms").cumSum().values).toEqual([]);
  expect(none.column("rtt_ms").sortValues().values).toEqual([]);
});

it("says what to do with a column of which danfojs makes no Series", () => {
  const times: Column = { name: "time_ns", type: "BIGINT", unit: "ns since 1970", meaning: "when" };
  const made = createFrame([times], [[1_714_564_800_000_000_001n]], provenance);
  expect(() => made.column("time_ns")).toThrow(expect.objectContaining({ code: "NOT_IN_DANFOJS" }));
  expect(made.values.map((row) => (row as unknown[])[0])).toEqual([1_714_564_800_000_000_001n]);
});

it("is inspected as it is shown, also what its own methods return", () => {
  const shown = frame();
  expect(inspect(shown)).toBe(shown[jupyterDisplay]()["text/plain"]);
  for (const value of [shown, shown.head(2), shown.column("rtt_ms"), { shown }]) {
    expect(inspect(value)).not.toMatch(/\$|isSeries|DataFrame/);
  }
  expect(inspect(shown.column("rtt_ms"))).toBe("rtt_ms [ null, 5, 7, 4 ]");
  expect(JSON.parse(JSON.stringify(shown))[1]).toEqual({ src_port: 22, rtt_ms: 5, reason: null });
});

describe("what danfojs is bundled without", () => {
  const use: Record<string, (frame: Frame) => unknown> = {
    tensor: (frame) => Reflect.get(frame, "tensor"),
    add: (frame) => Reflect.apply(Reflect.get(frame, "add"), frame, [1]),
    plot: (frame) => Reflect.apply(Reflect.get(frame, "plot"), frame, ["here"]),
    argMax: (frame) => Reflect.apply(Reflect.get(frame.column("rtt_ms"), "argMax"), frame, []),
  };
  it.each(Object.keys(use))("%s says that it isn't there, and what to do", (member) => {
    expect(() => use[member]?.(frame())).toThrow(SkbookError);
    expect(() => use[member]?.(frame())).toThrow(expect.objectContaining({ code: "NOT_IN_DANFOJS" }));
  });
});

it("has the methods that it is declared with", async () => {
  const { default: ts } = await import("typescript");
  const program = ts.createProgram(["vendor/danfojs.d.ts"], { noLib: true });
  const file = program.getSourceFile("vendor/danfojs.d.ts");
  const danfo = createRequire(import.meta.url)("#danfojs");
  const one = frame();
  const instances: Record<string, object> = {
    DataFrame: one,
    Series: one.column("rtt_ms"),
    Groupby: one.groupby(["src_port"]),
    Str: one.column("reason").str,
    Dt: new danfo.Series(["2024-05-01"]).dt,
  };
  const missing: string[] = [];
  file?.forEachChild((node) => {
    if (!ts.isClassDeclaration(node) || node.name === undefined) return;
    const classes = node.name.text === "NDframe" ? ["DataFrame", "Series"] : [node.name.text];
    for (const name of classes) {
      for (const member of node.members) {
        const key = member.name?.getText(file);
        if (key !== undefined && !(key in (instances[name] ?? {}))) missing.push(`${name}.${key}`);
      }
    }
  });
  expect(missing).toEqual([]);
});

it("computes statistics as mathjs does, which they stand in for", () => {
  const require = createRequire(import.meta.url);
  const mathjs = createRequire(require.resolve("danfojs-node"))("mathjs");
  const own = require("../../vendor/stand-ins/statistics.cjs");
  for (const values of [[1, 2], [3, 1, 4, 1, 5, 9, 2, 6], [2.5, -1e9, 7e12, 2.5], Array(50).fill(3)]) {
    for (const name of ["mean", "std", "variance", "median"]) {
      expect(own[name](values) / mathjs[name](values) || 1, name).toBeCloseTo(1, 12);
    }
    expect(own.mode(values)).toEqual(mathjs.mode(values));
  }
});
