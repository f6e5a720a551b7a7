import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tcpHealth, tcpSegments } from "../../lib/analyses/index.js";
import { openCapture, packets } from "../../lib/captures/index.js";
import { type Figure, timeSequence } from "../../lib/figures/index.js";
import { corpus } from "../captures/corpus.js";
import { lossy, manySegments, segmentsOf } from "./segments.js";

/** Points of each trace, with the lengths of their bars. */
const points = (figure: Figure): Record<string, number[][]> =>
  Object.fromEntries(
    figure.data.map(({ name, x, y, error_y: bars }) => {
      const lengths = (bars as { array: number[] } | undefined)?.array;
      return [
        name,
        (x as number[]).map((at, i) => [at, (y as number[])[i] ?? 0, ...(lengths ? [lengths[i] ?? 0] : [])]),
      ];
    }),
  );
/** The same in a line for each point: "0.003 s: 1 to 1001". */
const inWords = (figure: Figure) =>
  Object.entries(points(figure)).flatMap(([name, at]) =>
    at.map(([x, y = 0, length]) => `${name} ${x} s: ${y}${length === undefined ? "" : ` to ${y + length}`}`),
  );
const badge = (figure: Figure) => (figure.layout.annotations as { text: string }[]).map(({ text }) => text);
const size = ({ data }: Figure) => data.reduce((sum, { x }) => sum + (x as number[]).length, 0);

describe("timeSequence", () => {
  it("shows data, acks, window, SACK and every mark in the style of tcptrace", async () => {
    const figure = await timeSequence(await segmentsOf(lossy));
    expect(inWords(figure)).toMatchInlineSnapshot(`
      [
        "receive window's edge 0.002 s: 4001",
        "receive window's edge 0.006 s: 4001",
        "receive window's edge 0.007 s: 4001",
        "receive window's edge 0.008 s: 4001",
        "receive window's edge 0.01 s: 4001",
        "receive window's edge 0.014 s: 4001",
        "receive window's edge 0.018 s: 8001",
        "acknowledged 0.002 s: 1",
        "acknowledged 0.006 s: 1001",
        "acknowledged 0.007 s: 1001",
        "acknowledged 0.008 s: 1001",
        "acknowledged 0.01 s: 4001",
        "acknowledged 0.014 s: 4001",
        "acknowledged 0.018 s: 4001",
        "SACK 0.007 s: 2001 to 3001",
        "SACK 0.008 s: 2001 to 4001",
        "D-SACK 0.014 s: 1001 to 2001",
        "data 0.003 s: 1 to 1001",
        "data 0.004 s: 2001 to 3001",
        "data 0.005 s: 3001 to 4001",
        "keep-alive or window probe 0.012 s: 4000",
        "duplicate ACK 0.007 s: 1001",
        "duplicate ACK 0.008 s: 1001",
        "SYN 0.001 s: 0",
        "FIN 0.019 s: 4002",
        "fast retransmission 0.009 s: 1001 to 2001",
        "data before it missing 0.004 s: 2001",
        "zero window 0.01 s: 4001",
        "zero window 0.014 s: 4001",
        "RST by the receiver 0.02 s: 4002",
      ]
    `);
    expect({ ...figure.layout, template: "the house style" }).toMatchInlineSnapshot(`
      {
        "annotations": [],
        "height": 520,
        "hovermode": "closest",
        "legend": {
          "itemsizing": "constant",
        },
        "margin": {
          "b": 56,
          "l": 64,
          "r": 24,
          "t": 72,
        },
        "showlegend": true,
        "template": "the house style",
        "title": {
          "subtitle": {
            "text": "root@192.0.2.10 · 2026-03-20 10:00:00.250 to 10:00:00.270 UTC · 4 data packets, 4,000 bytes · sent again: 1 (25 % of bytes) · 0 lost",
          },
          "text": "Time sequence of tcp 0: data of the server",
        },
        "width": 840,
        "xaxis": {
          "title": {
            "text": "Time since the first packet (s)",
          },
        },
        "yaxis": {
          "exponentformat": "none",
          "separatethousands": true,
          "title": {
            "text": "Sequence number, relative (bytes)",
          },
        },
      }
    `);
    expect(await figure.svg()).toContain(">zero window</text>");
  });

  it("shows a point for each segment in the style of Stevens", async () => {
    const figure = await timeSequence(await segmentsOf(lossy), { style: "stevens" });
    expect(inWords(figure)).toMatchInlineSnapshot(`
      [
        "data 0.003 s: 1",
        "data 0.004 s: 2001",
        "data 0.005 s: 3001",
        "SYN 0.001 s: 0",
        "FIN 0.019 s: 4002",
        "fast retransmission 0.009 s: 1001 to 2001",
        "data before it missing 0.004 s: 2001",
      ]
    `);
    expect(await figure.svg()).toContain(">fast retransmission</text>");
  });

  it("shows the other side where asked", async () => {
    const figure = await timeSequence(await segmentsOf(lossy), { sender: "client" });
    expect(figure.toString()).toContain("data of the client");
    expect(points(figure)).toMatchObject({ RST: [[0.02, 1]], SYN: [[0, 0]] });
    expect(points(figure)).not.toHaveProperty("data");
  });

  it("never hides what is rare behind what is frequent", async () => {
    const figure = await timeSequence(await manySegments(1_000_000));
    expect(size(figure)).toBeLessThan(3000);
    expect(points(figure)).toMatchObject({
      "retransmission after timeout": [[0.3, 300_000_000, 1000]],
      "spurious retransmission": [[0.400002, 400_002_000, 1000]],
      "out of order": [[0.600003, 600_003_000, 1000]],
      "data before it missing": [[0.700002, 700_002_000]],
      "zero window": [[0.5, 499_980_000]],
    });
    const data = points(figure).data as [number, number, number][];
    // The bars of all stretches together cover all data.
    expect(Math.max(...data.map(([, low, length]) => low + length))).toBe(1_000_000_000);
    expect(size(await timeSequence(await manySegments(1_000_000), { style: "stevens" }))).toBeLessThan(3000);
  });

  it("ends the view after the data where silence follows, and says so", async () => {
    const late = await segmentsOf([
      ...lossy,
      { ms: 60_000, sender: "client", kind: "rst", seq: 1, ack: 4001 },
    ]);
    const figure = await timeSequence(late);
    expect((figure.layout.xaxis as { range: number[] }).range[1]).toBeCloseTo(1.15 * 0.014);
    expect(figure.toString()).toContain("the view ends after the last data: 4 packets later, until 60 s");
    expect(points(figure)["RST by the receiver"]).toContainEqual([60, 4001]);
  });

  it("says what is missing", async () => {
    const unscaled = lossy.map(({ window, ...rest }) => rest);
    expect(badge(await timeSequence(await segmentsOf(unscaled, { lost: 3, partial: true })))).toEqual([
      "3 packets lost · partial: damaged input, or ended early<br>receive window unknown: no handshake, or no ACK of the other side, in the capture",
    ]);
    expect(badge(await timeSequence(await segmentsOf([])))).toEqual(["no data"]);
  });

  it("refuses another table, several connections and unknown options", async () => {
    const segments = await segmentsOf([
      ...lossy,
      { ms: 1, sender: "client", kind: "ack", seq: 1, flow: "tcp 7" },
    ]);
    await expect(timeSequence(segments)).rejects.toThrow(
      /\[BAD_PARAMETER\] it shows one conversation, and the table has 2, the busiest tcp 0, tcp 7\n.*\n.*await tcpSegments\(capture, \{ flow: "tcp 0" \}\)/,
    );
    const one = await segmentsOf(lossy);
    await expect(timeSequence(one, { sender: "both" as never })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
    await expect(timeSequence(one, { style: "x" as never })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(timeSequence({} as never)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });

  it.skipIf(corpus === undefined)("draws real captures, packet by packet", async () => {
    const capture = await openCapture(join(corpus as string, "zeek_retransmit-fast009.pcap"));
    const figure = await timeSequence(await tcpSegments(capture));
    const marks = Object.fromEntries(Object.entries(points(figure)).map(([name, at]) => [name, at.length]));
    expect(marks).toMatchObject({
      data: 17,
      "fast retransmission": 1,
      "retransmission in recovery": 2,
      "duplicate ACK": 5,
      SACK: 8,
      "RST by the receiver": 1,
    });
    expect(await figure.svg()).toContain(">SACK</text>");
    const offloaded = await openCapture(join(corpus as string, "live_veth_superframes.pcap"));
    const [[flow]] = (await (await tcpHealth(offloaded)).sql("SELECT flow FROM this")).values as [[string]];
    expect(size(await timeSequence(await tcpSegments(offloaded, { flow })))).toBeLessThan(3000);
    await expect(timeSequence(await packets(capture))).rejects.toThrow(/no column flow, sender/);
  });
});
