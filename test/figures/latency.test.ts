import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dnsQueries, pings, rttSamples } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { type Figure, latencyEcdf, latencyOverTime, rttOverTime } from "../../lib/figures/index.js";
import type { Column, Provenance, Value } from "../../lib/tables/index.js";
import { corpus } from "../captures/corpus.js";
import { provenance, start, tableOf } from "./tables.js";

const whole = (name: string): Column => ({ name, type: "BIGINT", meaning: name });
const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
const flag = (name: string): Column => ({ name, type: "BOOLEAN", meaning: name });
const ms = (value: number | null) => (value === null ? null : BigInt(Math.round(value * 1e6)));

type Question = [
  atMs: number,
  server: string,
  answered: boolean | null,
  rttMs: number | null,
  waitedMs: number | null,
];

/** Questions of DNS, as `dnsQueries` has them. */
const questions = (rows: Question[], own: Partial<Provenance> = {}) =>
  tableOf(
    [
      ...[whole("frame"), whole("time_ns"), whole("dns_id"), text("server")],
      ...[flag("answered"), whole("rtt_ns"), whole("waited_ns")],
    ],
    rows.map(([at, server, answered, rtt, waited], i): Value[] => [
      ...[i + 1, start + BigInt(at) * 1_000_000n, 7, server],
      ...[answered, ms(rtt), ms(waited)],
    ]),
    provenance(own),
  );

const some: Question[] = [
  [0, "192.0.2.53", true, 2, 2],
  [100, "192.0.2.53", true, 4, 4],
  [200, "192.0.2.53", false, null, null],
  [300, "192.0.2.54", true, 3, 3],
  [400, "192.0.2.53", true, null, 1005],
  [900, "192.0.2.53", null, null, null],
];

const points = (figure: Figure) =>
  Object.fromEntries(
    figure.data
      .filter(({ name }) => name !== undefined)
      .map(({ name, x, y }) => [name, (x as number[]).map((at, i) => `${at}: ${(y as number[])[i]}`)]),
  );
const badge = (figure: Figure) => (figure.layout.annotations as { text: string }[]).map(({ text }) => text);
const size = ({ data }: Figure) => data.reduce((sum, { x }) => sum + (x as number[]).length, 0);

describe("latencyOverTime", () => {
  it("shows answers by server, what was asked again, and what was never answered", async () => {
    const figure = await latencyOverTime(await questions(some));
    expect(points(figure)).toMatchInlineSnapshot(`
      {
        "192.0.2.53": [
          "0: 2",
          "0.1: 4",
        ],
        "192.0.2.54": [
          "0.3: 3",
        ],
        "asked again": [
          "0.4: 1005",
        ],
        "unanswered (1)": [
          "0.2: 0",
        ],
      }
    `);
    expect(figure.layout).toMatchObject({
      xaxis: { anchor: "y2" },
      yaxis: { type: "log", title: { text: "Time to the answer (ms)" }, domain: [0.14, 1] },
      yaxis2: { ticktext: ["unanswered"] },
    });
    expect(figure.toString()).toContain("6 questions · 1 asked again · 1 unanswered");
    expect(await figure.svg()).toContain(">unanswered</text>");
  });

  it("takes the axis and the colours that are asked for", async () => {
    const table = await questions(some.slice(0, 2));
    const figure = await latencyOverTime(table, { scale: "log" });
    expect(figure.layout.yaxis).toMatchObject({ type: "log" });
    expect((await latencyOverTime(table)).layout.yaxis).not.toHaveProperty("type");
    await expect(latencyOverTime(table, { by: "rtt_ns" })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(latencyOverTime(table, { scale: "cubic" as never })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });

  it("shows the rare ones together, and none of the extremes gets lost among many", async () => {
    const many = await (await questions(some)).query(`
      SELECT i::INTEGER + 1 AS frame, ${start} + i * 1000 AS time_ns, 7 AS dns_id, 'server ' || (i % 11)::INTEGER AS server,
        i <> 654321 AS answered, CASE WHEN i <> 654321 THEN CASE WHEN i = 500000 THEN 9000000000 ELSE 1000000 + i % 1000 END END AS rtt_ns,
        NULL::BIGINT AS waited_ns
      FROM range(1000000) rows(i)`);
    const figure = await latencyOverTime(many);
    expect(size(figure)).toBeLessThan(5000);
    expect(Object.keys(points(figure)).slice(-2)).toEqual(["other (4 servers)", "unanswered (1)"]);
    expect(points(figure)["unanswered (1)"]).toEqual(["0.654321: 0"]);
    expect(Object.values(points(figure)).flat()).toContain("0.5: 9000");
  });

  it("says what is missing, and refuses another table", async () => {
    expect(badge(await latencyOverTime(await questions(some, { lost: "unknown" })))).toEqual([
      "loss of packets unknown",
    ]);
    expect(badge(await latencyOverTime(await questions([])))).toEqual(["no questions"]);
    const other = await (await questions(some)).query("SELECT frame, time_ns FROM this");
    await expect(latencyOverTime(other)).rejects.toThrow(
      /no column rtt_ns\n.*\n.*await dnsQueries\(capture\), or pings\(capture\)/,
    );
  });

  it.skipIf(corpus === undefined)("draws pings of a real capture", async () => {
    const capture = await openCapture(join(corpus as string, "spindump_ping_aggregate_average.pcap"));
    const figure = await latencyOverTime(await pings(capture));
    expect(figure.toString()).toContain("Round trips of pings over time");
    expect(size(figure)).toBe(18);
    expect(await figure.svg()).toContain(">Time to the answer (ms)</text>");
  });
});

describe("rttOverTime", () => {
  it.skipIf(corpus === undefined)("tells whose data, and by what it was measured", async () => {
    const capture = await openCapture(join(corpus as string, "live_veth_superframes.pcap"));
    const figure = await rttOverTime(await rttSamples(capture));
    expect(Object.keys(points(figure))).toEqual([
      "client's data, by ack",
      "client's data, by timestamp",
      "server's data, by ack",
    ]);
    expect(await figure.svg()).toContain(">client's data, by ack</text>");
    await expect(rttOverTime(await dnsQueries(capture))).rejects.toThrow(/await rttSamples\(capture/);
  });
});

describe("latencyEcdf", () => {
  it("shows which part took how long, with percentiles by nearest rank", async () => {
    const rows = Array.from({ length: 100 }, (_, i): Question => [i, "192.0.2.53", true, i + 1, i + 1]);
    const figure = await latencyEcdf(await questions([...rows, [200, "192.0.2.53", false, null, null]]));
    const [curve, marks] = figure.data as { name?: string; x: number[]; y: number[] }[];
    expect(curve?.name).toBe("192.0.2.53<br>p50 50 ms · p95 95 ms · p99 99 ms");
    expect(marks).toMatchObject({ x: [50, 95, 99], y: [0.5, 0.95, 0.99] });
    const part = (value: number) => curve?.y[curve.x.lastIndexOf(value)];
    expect([1, 10, 50, 99, 100].map(part)).toEqual([0.01, 0.1, 0.5, 0.99, 1]);
    expect(badge(figure)[0]).toBe("1 of 101 questions unanswered: in no curve");
    expect(await figure.svg()).toContain(">p99</text>");
  });

  it("compares tables by name", async () => {
    const before = await questions(some, { lost: 2 });
    const after = await questions([[0, "192.0.2.53", true, 1, 1]]);
    const figure = await latencyEcdf({ before, after });
    expect(Object.keys(points(figure))).toEqual([
      "before<br>p50 3 ms · p95 4 ms · p99 4 ms",
      "after<br>p50 1 ms · p95 1 ms · p99 1 ms",
    ]);
    expect(badge(figure)[0]).toBe(
      "before: 2 packets lost · 1 of 6 questions unanswered: in no curve<br>1 asked again: in no curve",
    );
    await expect(latencyEcdf({ before, after }, { by: "server" })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
    await expect(latencyEcdf({})).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(latencyEcdf({ before: 7 as never })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(latencyEcdf(null as never)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });

  it("draws a million answers by some hundred points, the longest included", async () => {
    const many = await (await questions(some)).query(`
      SELECT 1 AS frame, ${start} AS time_ns, CASE WHEN i = 77 THEN 60000000000 ELSE 1000000 + (i * 7919) % 1000003 END AS rtt_ns
      FROM range(1000000) rows(i)`);
    const figure = await latencyEcdf(many);
    expect(size(figure)).toBeLessThan(250);
    expect((figure.data[0] as { x: number[] }).x.at(-1)).toBe(60_000);
    expect(figure.layout.xaxis).toMatchObject({ type: "log" });
  });

  it("draws nothing answered as such", async () => {
    expect(badge(await latencyEcdf(await questions([])))).toEqual(["no answers"]);
    expect(badge(await latencyEcdf(await questions(some.slice(2, 3))))).toEqual([
      "1 of 1 question unanswered: in no curve",
      "no answers",
    ]);
  });
});
