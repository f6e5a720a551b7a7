import { describe, expect, test } from "vitest";
import { flameGraph, latencyBars, latencyByCpu, latencyHeatmap } from "../../lib/figures/index.js";
import { type Column, createFrame, type Value } from "../../lib/tables/index.js";
import { provenance, start, tableOf } from "./tables.js";

const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
const ns = (name: string): Column => ({ name, type: "BIGINT", unit: "ns", meaning: name });

interface Bars {
  name: string;
  x: number[];
  y: number[];
  base: number[];
  hovertext: string[];
}

describe("flameGraph", () => {
  const columns = [text("command"), text("stack"), text("user_stack"), ns("total_ns")];
  const stacks = (rows: Value[][]) => createFrame(columns, rows, provenance());

  test("stacks functions on what called them, each as wide as its time", async () => {
    const figure = await flameGraph(
      stacks([
        ["vhost-1", "__schedule+5 < futex_wait+1", "lock+3 < main+9", 6_000_000],
        ["vhost-1", "__schedule+7 < do_poll+1", "poll+3 < main+2", 3_000_000],
        ["<b>", null, null, 1_000_000],
      ]),
    );
    const bars = (figure.data as unknown as Bars[]).flatMap(({ name, x, y, base, hovertext }) =>
      x.map((width, at) => [name, hovertext[at]?.split(":")[0], y[at], base[at], width]),
    );
    expect(bars).toEqual([
      ["command", "all", 0, 0, 10],
      ["command", "vhost-1", 1, 0, 9],
      ["command", "&lt;b&gt;", 1, 9, 1],
      ["program", "main", 2, 0, 9],
      ["program", "lock", 3, 0, 6],
      ["program", "poll", 3, 6, 3],
      ["kernel", "futex_wait", 4, 0, 6],
      ["kernel", "__schedule", 5, 0, 6],
      ["kernel", "do_poll", 4, 6, 3],
      ["kernel", "__schedule", 5, 6, 3],
    ]);
    const svg = await figure.svg();
    expect(svg).toContain("futex_wait");
    expect(svg).not.toContain("<b>");
    expect(svg).not.toContain("NaN");
  });

  test("leaves out what is too narrow, and says so", async () => {
    const many = Array.from({ length: 5_000 }, (_, index): Value[] => ["c", `f${index}`, null, 1_000]);
    const figure = await flameGraph(stacks([...many, ["c", "big", null, 5_000_000]]));
    const names = (figure.data as unknown as Bars[]).flatMap(({ hovertext }) =>
      hovertext.map((one) => one.split(":")[0]),
    );
    expect(names).toEqual(["all", "c", "big"]);
    expect(figure.toString()).toContain("functions below 0.2 % are not drawn");
  });

  test("says of how many stacks the time isn't known", async () => {
    const bounded = [...columns, ns("p50_low_ns")];
    const rows: Value[][] = [
      ["c", "known", null, 1_000, 500],
      ["c", "unknown", null, null, 500],
      ["c", "still waiting", null, null, null],
    ];
    const figure = await flameGraph(createFrame(bounded, rows, provenance()));
    expect(figure.toString()).toContain("1 row of unknown time not drawn");
  });

  test("has a picture without rows, and refuses other tables", async () => {
    expect(await (await flameGraph(stacks([]))).svg()).toContain("no stacks");
    await expect(flameGraph(createFrame([text("command")], [], provenance()))).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
    await expect(flameGraph(stacks([]), { leastPermille: 0 })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });
});

describe("latencyHeatmap", () => {
  const columns: Column[] = [{ name: "time_ns", type: "BIGINT", meaning: "when" }, ns("waited_ns")];
  const events = (rows: [ms: number, waited: number | null][]) =>
    tableOf(
      columns,
      rows.map(([ms, waited]) => [start + BigInt(ms) * 1_000_000n, waited]),
      provenance(),
    );
  const cellsOf = ({ data }: { data: object[] }) =>
    (data[0] as { z: (number | null)[][] }).z.flatMap((row, step) =>
      row.flatMap((n, bin) => (n === null ? [] : [[bin, step, Math.round(10 ** n)]])),
    );

  test("counts each event in the cell of its time and duration", async () => {
    const figure = await latencyHeatmap(
      await events([
        [0, 1_024],
        [0, 1_100],
        [10, 1_024],
        [119, 4_096],
        [119, null],
      ]),
    );
    // Quarters of an octave: 4096 is eight above 1024.
    expect(cellsOf(figure)).toEqual([
      [0, 0, 2],
      [10, 0, 1],
      [119, 8, 1],
    ]);
    expect(figure.toString()).toContain("1 event without a duration: not drawn");
    expect(figure.toString()).toContain("per 1 ms");
    const svg = await figure.svg();
    expect(svg).toContain("1.02 µs");
    expect(svg).not.toContain("NaN");
  });

  test("takes the whole of what has parts", async () => {
    const parts = [columns[0] as Column, ns("stack_out_ns"), ns("total_ns")];
    const table = await tableOf(parts, [[start, 5, 4_096]], provenance());
    expect((await latencyHeatmap(table)).toString()).toContain("total_ns");
  });

  test("of one event, and of none, has a picture", async () => {
    expect(cellsOf(await latencyHeatmap(await events([[0, 5]])))).toEqual([[0, 0, 1]]);
    expect(await (await latencyHeatmap(await events([]))).svg()).toContain("no events");
  });

  test("refuses a column that has no durations", async () => {
    await expect(latencyHeatmap(await events([]), { of: "time_ns" })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
    const bare = await tableOf([columns[0] as Column], [], provenance());
    await expect(latencyHeatmap(bare)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });
});

describe("latencyByCpu", () => {
  const whole = (name: string): Column => ({ name, type: "BIGINT", meaning: name });
  const columns = [whole("time_ns"), whole("cpu"), ns("waited_ns"), ns("ran_ns")];
  const events = (rows: [ms: number, cpu: number | null, waited: number | null, ran?: number][]) =>
    tableOf(
      columns,
      rows.map(([ms, cpu, waited, ran = 7]) => [start + BigInt(ms) * 1_000_000n, cpu, waited, ran]),
      provenance(),
    );
  interface Cells {
    x: number[];
    z: (number | null)[][];
    text: string[][];
  }
  const cellsOf = ({ data, layout }: { data: object[]; layout: object }) => {
    const { x, z, text } = data[0] as Cells;
    const { ticktext } = (layout as { yaxis: { ticktext: string[] } }).yaxis;
    return z.flatMap((row, index) =>
      row.flatMap((value, bin) =>
        value === null
          ? []
          : [[ticktext[index], Number(x[bin]?.toFixed(6)), Math.round(10 ** value), text[index]?.[bin]]],
      ),
    );
  };

  test("shows the longest of each CPU and time, over all of the time that was measured", async () => {
    const figure = await latencyByCpu(
      await events([
        [0, 1, 20_000],
        [20, 1, 5_000],
        [9_950, 3, 4_000_000],
        [9_950, null, 9],
        [10, 0, null],
      ]),
    );
    expect(cellsOf(figure)).toEqual([
      ["1", 0.05, 20_000, "2 events, the longest 20 µs"],
      ["3", 9.95, 4_000_000, "1 event, the longest 4 ms"],
    ]);
    expect((figure.layout.xaxis as { range: number[] }).range).toEqual([0, expect.closeTo(10.1)]);
    expect(figure.toString()).toContain("2 events without a duration or a CPU: not drawn");
    const svg = await figure.svg();
    expect(svg).toContain(">CPU</text>");
    expect(svg).not.toContain("NaN");
  });

  test("takes the column that is asked for, and refuses tables without", async () => {
    const figure = await latencyByCpu(await events([[0, 1, 20_000, 3_000]]), { of: "ran_ns" });
    expect(cellsOf(figure)).toEqual([["1", 0.05, 3_000, "1 event, the longest 3 µs"]]);
    const bare = await tableOf(columns.slice(0, 2), [], provenance());
    await expect(latencyByCpu(bare)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    const of = "cpu";
    await expect(latencyByCpu(await events([]), { of })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    expect(await (await latencyByCpu(await events([]))).svg()).toContain("no events");
  });

  test("of many CPUs draws those with the longest waits, and says so", async () => {
    const figure = await latencyByCpu(
      await events(Array.from({ length: 70 }, (_, cpu) => [cpu, cpu, cpu === 3 ? 1 : 1_000 + cpu])),
    );
    const drawn = cellsOf(figure).map(([cpu]) => cpu);
    expect(drawn).toHaveLength(64);
    for (const fast of ["3", "0", "1"]) expect(drawn).not.toContain(fast);
    expect(figure.toString()).toContain("6 of 70 CPUs not drawn");
  });
});

describe("latencyBars", () => {
  const columns = [
    text("vector"),
    { name: "cpu", type: "INTEGER", meaning: "cpu" } as Column,
    text("interval"),
    { name: "count", type: "BIGINT", meaning: "samples" } as Column,
    ...["p50_low_ns", "p50_high_ns", "p99_low_ns", "p99_high_ns"].map(ns),
  ];
  const summary = (rows: Value[][]) => createFrame(columns, rows, provenance());

  test("draws both percentiles of each row from bound to bound, in the order of the rows", async () => {
    const figure = await latencyBars(
      summary([
        ["NET_RX", 0, "waiting", 10, 1_000, 2_000, 40_000, 50_000],
        ["NET_TX", 1, "running", 5, 0, 1, 3_000, 4_000],
        ["RCU", 1, "waiting", 0, null, null, null, null],
      ]),
    );
    expect(figure.data.map(({ name, x, y }) => [name, x, y])).toEqual([
      ["p50", [1, 2, null, 0.001, 0.001, null], [0, 0, null, 1, 1, null]],
      ["p99", [40, 50, null, 3, 4, null], [0, 0, null, 1, 1, null]],
    ]);
    expect((figure.layout.yaxis as { ticktext: string[] }).ticktext).toEqual([
      "NET_RX · cpu 0 · waiting",
      "NET_TX · cpu 1 · running",
    ]);
    expect(await figure.svg()).not.toContain("NaN");
  });

  test("of more rows than fit draws the first, and says so", async () => {
    const rows = Array.from({ length: 50 }, (_, cpu): Value[] => ["NET_RX", cpu, "waiting", 1, 1, 2, 3, 4]);
    expect((await latencyBars(summary(rows))).toString()).toContain("the first 30 are drawn");
    expect(await (await latencyBars(summary([]))).svg()).toContain("no samples");
  });

  test("refuses a table without percentiles", async () => {
    await expect(latencyBars(createFrame([text("a")], [], provenance()))).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });
});
