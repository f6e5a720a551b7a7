import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tcpSegments } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { type Figure, windowScaling } from "../../lib/figures/index.js";
import { corpus } from "../captures/corpus.js";
import { lossy, manySegments, type Segment, segmentsOf } from "./segments.js";

const points = (figure: Figure) =>
  Object.fromEntries(
    figure.data.map(({ name, x, y }) => [
      name,
      (x as number[]).map((at, i) => `${at} s: ${(y as number[])[i]}`),
    ]),
  );
const badge = (figure: Figure) => (figure.layout.annotations as { text: string }[]).map(({ text }) => text);
const subtitle = ({ layout }: Figure) =>
  (layout.title as { subtitle: { text: string } }).subtitle.text.replaceAll("<br>", " · ");

describe("windowScaling", () => {
  it("shows what is in flight, acks included, beside what is allowed", async () => {
    const figure = await windowScaling(await segmentsOf(lossy));
    expect(points(figure)).toMatchInlineSnapshot(`
      {
        "bytes in flight": [
          "0 s: 0",
          "0.001 s: 0",
          "0.002 s: 0",
          "0.003 s: 1000",
          "0.004 s: 3000",
          "0.005 s: 4000",
          "0.006 s: 3000",
          "0.007 s: 3000",
          "0.008 s: 3000",
          "0.009 s: 3000",
          "0.01 s: 0",
          "0.012 s: 0",
          "0.014 s: 0",
          "0.018 s: 0",
          "0.019 s: 1",
        ],
        "fast retransmission": [
          "0.009 s: 3000",
        ],
        "receive window": [
          "0 s: 60000",
          "0.002 s: 4000",
          "0.006 s: 3000",
          "0.007 s: 3000",
          "0.008 s: 3000",
          "0.01 s: 0",
          "0.014 s: 0",
          "0.018 s: 4000",
        ],
        "window full": [
          "0.005 s: 4000",
        ],
        "zero window": [
          "0.01 s: 0",
          "0.014 s: 0",
        ],
      }
    `);
    expect(await figure.svg()).toContain(">bytes in flight</text>");
  });

  it("says what limits the sender", async () => {
    const ack = (ms: number, ack: number, window: number): Segment => ({
      ms,
      sender: "client",
      kind: "ack",
      seq: 1,
      ack,
      window,
    });
    const data = (ms: number, seq: number): Segment => ({
      ms,
      sender: "server",
      kind: "data",
      seq,
      length: 1000,
      ack: 1,
      window: 9000,
    });
    const small = await segmentsOf([
      ack(0, 1, 2000),
      data(1, 1),
      data(2, 1001),
      ack(3, 2001, 2000),
      data(4, 2001),
      data(5, 3001),
    ]);
    expect(subtitle(await windowScaling(small))).toContain(
      "2 of 4 data packets (50 %) fill the receive window · the receiver limits the sender · 0 lost",
    );
    const large = await segmentsOf([ack(0, 1, 50_000), data(1, 1), data(2, 1001)]);
    expect(subtitle(await windowScaling(large))).toContain(
      "0 of 2 data packets (0 %) fill the receive window · the receiver doesn't limit the sender",
    );
    const closed = await segmentsOf([
      ack(0, 1, 50_000),
      data(1, 1),
      ack(2, 1001, 0),
      ack(9, 1001, 50_000),
      data(10, 1001),
    ]);
    expect(subtitle(await windowScaling(closed))).toContain(
      "zero window for 7 ms (70 % of the time) · 0 of 2 data packets (0 %) fill the receive window · the receiver limits the sender",
    );
  });

  it("keeps rare marks and extremes among many packets", async () => {
    const figure = await windowScaling(await manySegments(1_000_000));
    const all = points(figure);
    expect(Object.values(all).flat().length).toBeLessThan(3000);
    expect(all["zero window"]).toEqual(["0.5 s: 0"]);
    expect(all["retransmission after timeout"]).toHaveLength(1);
    expect(all["receive window"]).toContain("0.5 s: 0");
  });

  it("says that the window is unknown", async () => {
    const unscaled = lossy.map(({ window, ...rest }) => rest);
    expect(badge(await windowScaling(await segmentsOf(unscaled)))).toEqual([
      "what limits the sender is unknown: no receive window (no handshake in the capture), or no data",
    ]);
    expect(badge(await windowScaling(await segmentsOf([])))).toEqual(["no packets"]);
  });

  it("refuses another table and several connections", async () => {
    const two = await segmentsOf([...lossy, { ms: 1, sender: "client", kind: "ack", seq: 1, flow: "tcp 7" }]);
    await expect(windowScaling(two)).rejects.toThrow(/await tcpSegments\(capture/);
    await expect(windowScaling(await two.query("SELECT frame FROM this"))).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });

  it.skipIf(corpus === undefined)("draws a real capture", async () => {
    const capture = await openCapture(join(corpus as string, "live_veth_superframes.pcap"));
    const figure = await windowScaling(await tcpSegments(capture, { flow: "tcp 0" }));
    expect(points(figure)).toMatchObject({ "window full": ["0.000584 s: 19456"] });
    expect(await figure.svg()).toContain(">window full</text>");
  });
});
