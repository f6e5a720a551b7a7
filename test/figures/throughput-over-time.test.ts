import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tcpThroughput } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { type Figure, throughputOverTime } from "../../lib/figures/index.js";
import type { Column, Provenance } from "../../lib/tables/index.js";
import { corpus } from "../captures/corpus.js";
import { provenance, start, tableOf } from "./tables.js";

const whole = (name: string): Column => ({ name, type: "BIGINT", meaning: name });
const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
const rate = (name: string): Column => ({ name, type: "DOUBLE", meaning: name });
const columns = [
  ...[
    whole("time_ns"),
    text("flow"),
    text("sender"),
    whole("payload_bytes"),
    whole("resent_bytes"),
    whole("wire_bytes"),
  ],
  ...[rate("goodput_bits_per_second"), rate("throughput_bits_per_second")],
];

type Bin = [ms: number, flow: string, sender: string, payload: number, resent: number];

/** Bins of 100 ms; each has a packet of 54 bytes of headers. */
const rates = (bins: Bin[], own: Partial<Provenance> = {}) =>
  tableOf(
    columns,
    bins.map(([ms, flow, sender, payload, resent]) => [
      ...[start + BigInt(ms) * 1_000_000n, flow, sender, payload, resent, payload + 54],
      ...[80 * (payload - resent), 80 * (payload + 54)],
    ]),
    provenance(own),
  );

const points = (figure: Figure) =>
  Object.fromEntries(
    figure.data.map(({ name, x, y }) => [
      name,
      (x as number[]).map((at, i) => `${at} s: ${(y as number[])[i]}`),
    ]),
  );

describe("throughputOverTime", () => {
  it("shows both rates of both senders, and zero where one sent nothing", async () => {
    const figure = await throughputOverTime(
      await rates([
        [0, "tcp 0", "client", 100, 0],
        [0, "tcp 0", "server", 1000, 0],
        [100, "tcp 0", "server", 2000, 500],
        [500, "tcp 0", "server", 1000, 0],
      ]),
    );
    expect(points(figure)).toMatchInlineSnapshot(`
      {
        "client: goodput": [
          "0 s: 8000",
          "0.1 s: 0",
        ],
        "client: throughput": [
          "0 s: 12320",
          "0.1 s: 0",
        ],
        "server: goodput": [
          "0 s: 80000",
          "0.1 s: 120000",
          "0.2 s: 0",
          "0.5 s: 80000",
          "0.6 s: 0",
        ],
        "server: sent again": [
          "0.1 s: 164320",
        ],
        "server: throughput": [
          "0 s: 84320",
          "0.1 s: 164320",
          "0.2 s: 0",
          "0.5 s: 84320",
          "0.6 s: 0",
        ],
      }
    `);
    expect(figure.toString()).toContain("4,100 bytes of payload, 12 % of it sent again · per 100 ms");
    expect(await figure.svg()).toContain(">server: goodput</text>");
  });

  it("adds connections up", async () => {
    const figure = await throughputOverTime(
      await rates([
        [0, "tcp 0", "client", 100, 0],
        [0, "tcp 1", "client", 300, 0],
      ]),
    );
    expect(figure.toString()).toContain("Rates of 2 TCP connections over time");
    expect(points(figure)["client: goodput"]).toEqual(["0 s: 32000", "0.1 s: 0"]);
  });

  it("keeps the highest and the lowest of many bins, and each with data sent again", async () => {
    const many = await (await rates([[0, "tcp 0", "client", 100, 0]])).query(`
      SELECT ${start} + i * 1000000 AS time_ns, 'tcp 0' AS flow, 'server' AS sender, 100 + (i * 7919) % 1000 AS payload_bytes,
        CASE WHEN i = 123456 THEN 1 ELSE 0 END AS resent_bytes, payload_bytes + 54 AS wire_bytes,
        CASE WHEN i = 400000 THEN 1e9 WHEN i = 500000 THEN 1 ELSE 8e3 * payload_bytes END AS goodput_bits_per_second,
        8e3 * wire_bytes AS throughput_bits_per_second
      FROM range(1000000) rows(i)`);
    const figure = await throughputOverTime(many);
    const all = points(figure);
    expect(Object.values(all).flat().length).toBeLessThan(3000);
    expect(all["server: goodput"]).toEqual(expect.arrayContaining(["400 s: 1000000000", "500 s: 1"]));
    expect(all["server: sent again"]).toHaveLength(1);
  });

  it("says what is missing, and refuses another table", async () => {
    const notes = (figure: Figure) =>
      (figure.layout.annotations as { text: string }[]).map(({ text }) => text);
    expect(
      notes(
        await throughputOverTime(await rates([[0, "tcp 0", "client", 1, 0]], { lost: 2, truncated: true })),
      ),
    ).toEqual(["2 packets lost · truncated: a limit was reached"]);
    expect(notes(await throughputOverTime(await rates([])))).toEqual(["no TCP packets"]);
    const other = await (await rates([])).query("SELECT time_ns, flow FROM this");
    await expect(throughputOverTime(other)).rejects.toThrow(/await tcpThroughput\(capture/);
  });

  it.skipIf(corpus === undefined)("draws a real capture", async () => {
    const capture = await openCapture(join(corpus as string, "live_veth_superframes.pcap"));
    const figure = await throughputOverTime(await tcpThroughput(capture, { binMs: 1 }));
    expect(Object.keys(points(figure))).toContain("client: sent again");
    expect(await figure.svg()).toContain(">client: sent again</text>");
  });
});
