import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flows, traffic } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { conversationTimeline, type Figure, ioGraph } from "../../lib/figures/index.js";
import { type Column, createFrame, type Provenance, type Value } from "../../lib/tables/index.js";
import { corpus } from "../captures/corpus.js";
import { provenance, start, tableOf } from "./tables.js";

const whole = (name: string): Column => ({ name, type: "BIGINT", meaning: name });
const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
const rate = (name: string): Column => ({ name, type: "DOUBLE", meaning: name });

type Bin = [ms: number, series: string, packets: number, bytes: number];

/** Bins of 100 ms. */
const counts = (bins: Bin[], own: Partial<Provenance> = {}) =>
  tableOf(
    [
      ...[whole("time_ns"), text("series"), whole("packets"), whole("wire_bytes")],
      rate("packets_per_second"),
      rate("bits_per_second"),
    ],
    bins.map(([ms, series, packets, bytes]): Value[] => [
      ...[start + BigInt(ms) * 1_000_000n, series, packets, bytes, 10 * packets, 80 * bytes],
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
const badge = (figure: Figure) => (figure.layout.annotations as { text: string }[]).map(({ text }) => text);

describe("ioGraph", () => {
  const two: Bin[] = [
    [0, "udp", 1, 100],
    [0, "tcp", 3, 3000],
    [100, "udp", 0, 0],
    [100, "tcp", 1, 60],
  ];

  it("has a line for each series, the biggest first, and each bin its width", async () => {
    const figure = await ioGraph(await counts(two));
    expect(points(figure)).toEqual({
      tcp: ["0 s: 240000", "0.1 s: 4800", "0.2 s: 0"],
      udp: ["0 s: 8000", "0.1 s: 0", "0.2 s: 0"],
    });
    expect(figure.toString()).toContain("5 packets, 3,160 bytes · per 100 ms");
    expect(figure.layout.yaxis).toMatchObject({ title: { text: "Rate (bit/s)" } });
    expect(await figure.svg()).toContain(">Rate (bit/s)</text>");
  });

  it("counts packets where asked", async () => {
    const figure = await ioGraph(await counts(two), { unit: "packets" });
    expect(points(figure).tcp).toEqual(["0 s: 30", "0.1 s: 10", "0.2 s: 0"]);
    await expect(ioGraph(await counts(two), { unit: "bytes" as never })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });

  it("adds many small series up, and keeps the peak and the pause of many bins", async () => {
    const many = await (await counts(two)).query(`
      SELECT ${start} + (i // 10) * 1000000 AS time_ns, 'flow ' || (i % 10)::INTEGER AS series,
        CASE WHEN i // 10 = 60000 THEN 0 ELSE 10 - i % 10 END AS packets, packets * 100 AS wire_bytes,
        packets * 1000.0 AS packets_per_second, CASE WHEN i = 700000 THEN 1e12 ELSE packets * 800000.0 END AS bits_per_second
      FROM range(1000000) rows(i)`);
    const figure = await ioGraph(many);
    const all = points(figure);
    expect(Object.keys(all)).toEqual([...[0, 1, 2, 3, 4, 5, 6].map((i) => `flow ${i}`), "other (3 series)"]);
    expect(Object.values(all).flat().length).toBeLessThan(4000);
    expect(all["flow 0"]).toEqual(expect.arrayContaining(["60 s: 0", "70 s: 1000000000000"]));
    expect(all["other (3 series)"]).toEqual(expect.arrayContaining(["60 s: 0", "0 s: 4800000"]));
  });

  it("says what is missing, and refuses another table", async () => {
    expect(badge(await ioGraph(await counts(two, { lost: 1 })))).toEqual(["1 packet lost"]);
    expect(badge(await ioGraph(await counts([])))).toEqual(["no packets"]);
    const other = await (await counts(two)).query("SELECT series FROM this");
    await expect(ioGraph(other)).rejects.toThrow(/await traffic\(capture/);
  });

  it.skipIf(corpus === undefined)("draws a real capture", async () => {
    const capture = await openCapture(join(corpus as string, "pcpp_example.pcap"));
    const figure = await ioGraph(await traffic(capture, { by: "protocol" }), { unit: "packets" });
    expect(Object.keys(points(figure)).slice(0, 2)).toEqual(["HTTP", "TCP"]);
    expect(await figure.svg()).toContain(">HTTP</text>");
  });
});

describe("conversationTimeline", () => {
  const columns = [
    ...["flow", "transport", "client"].map(text),
    whole("client_port"),
    text("server"),
    ...[
      "server_port",
      "start_ns",
      "duration_ns",
      "client_packets",
      "server_packets",
      "client_wire_bytes",
    ].map(whole),
    ...["server_wire_bytes", "retransmissions", "rst"].map(whole),
  ];
  type Row = [
    flow: string,
    client: string,
    ms: number,
    forMs: number,
    bytes: number,
    resent: number | null,
    rst: number | null,
  ];
  const conversations = (rows: Row[], own: Partial<Provenance> = {}) =>
    createFrame(
      columns,
      rows.map(([flow, client, ms, forMs, bytes, resent, rst]): Value[] => [
        ...[flow, flow.split(" ")[0] ?? "", client, flow.startsWith("icmp") ? null : 40000, "198.51.100.2"],
        ...[
          flow.startsWith("icmp") ? null : 443,
          start + BigInt(ms) * 1_000_000n,
          BigInt(forMs) * 1_000_000n,
        ],
        ...[5, 5, bytes, 0, resent, rst],
      ]),
      provenance(own),
    );
  const some: Row[] = [
    ["tcp 0", "192.0.2.1", 0, 1000, 9000, 3, 0],
    ["udp 0", "192.0.2.2", 200, 100, 300, null, null],
    ["tcp 1", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1", 100, 2000, 100, 0, 1],
    ["icmp 192.0.2.1 198.51.100.2", "192.0.2.1", 50, 0, 64, null, null],
  ];

  it("has a bar for each conversation, in order of their starts, with what went wrong at its end", async () => {
    const figure = await conversationTimeline(conversations(some));
    expect(
      figure.data.map(({ name, base, x, y, text }) => ({ name, base, x, y, text })),
    ).toMatchInlineSnapshot(`
      [
        {
          "base": [
            0.05,
          ],
          "name": "icmp",
          "text": [
            "icmp 192.0.2.1 198.51.100.2: 192.0.2.1 → 198.51.100.2<br>0 ns, 10 packets, 64 bytes<br>0 retransmissions, 0 RSTs",
          ],
          "x": [
            0,
          ],
          "y": [
            1,
          ],
        },
        {
          "base": [
            0,
            0.1,
          ],
          "name": "tcp",
          "text": [
            "tcp 0: 192.0.2.1:40000 → 198.51.100.2:443<br>1 s, 10 packets, 9,000 bytes<br>3 retransmissions, 0 RSTs",
            "tcp 1: [2001:db8:aaaa:bbbb:cccc:dddd:eeee:1]:40000 → 198.51.100.2:443<br>2 s, 10 packets, 100 bytes<br>0 retransmissions, 1 RST",
          ],
          "x": [
            1,
            2,
          ],
          "y": [
            0,
            2,
          ],
        },
        {
          "base": [
            0.2,
          ],
          "name": "udp",
          "text": [
            "udp 0: 192.0.2.2:40000 → 198.51.100.2:443<br>100 ms, 10 packets, 300 bytes<br>0 retransmissions, 0 RSTs",
          ],
          "x": [
            0.1,
          ],
          "y": [
            3,
          ],
        },
        {
          "base": undefined,
          "name": "RST",
          "text": [
            "",
          ],
          "x": [
            2.1252,
          ],
          "y": [
            2,
          ],
        },
        {
          "base": undefined,
          "name": "retransmissions",
          "text": [
            " 3",
          ],
          "x": [
            1.0714,
          ],
          "y": [
            0,
          ],
        },
      ]
    `);
    expect((figure.layout.yaxis as { ticktext: string[] }).ticktext).toMatchInlineSnapshot(`
      [
        "192.0.2.1:40000 → 198.51.100.2:443",
        "192.0.2.1 → 198.51.100.2",
        "[2001:db8:aaa…eee:1]:40000 → 198.51.100.2:443",
        "192.0.2.2:40000 → 198.51.100.2:443",
      ]
    `);
    expect(await figure.svg()).toContain(">retransmissions</text>");
  });

  it("shows the busiest, and says what has no bar", async () => {
    const figure = await conversationTimeline(conversations(some), { most: 2 });
    expect(figure.data.flatMap(({ y }) => y)).toHaveLength(3);
    expect(badge(figure)).toEqual([
      "2 conversations not shown · in those: 164 bytes, 0 retransmissions, 1 RST",
    ]);
  });

  it("stays small for very many conversations", async () => {
    const rows = Array.from({ length: 50_000 }, (_, i): Row => [`tcp ${i}`, "192.0.2.1", i, 10, i, 1, 1]);
    const figure = await conversationTimeline(conversations(rows), { most: 200 });
    expect(figure.data.reduce((sum, { x }) => sum + (x as number[]).length, 0)).toBe(600);
    expect(figure.layout.height).toBeLessThan(10_000);
    expect(await figure.svg()).toContain("192.0.2.1:40000");
  });

  it("says what is missing, and refuses another table or number", async () => {
    expect(badge(await conversationTimeline(conversations(some, { partial: true })))).toEqual([
      "partial: damaged input, or ended early",
    ]);
    expect(badge(await conversationTimeline(conversations([])))).toEqual(["no conversations"]);
    await expect(conversationTimeline(conversations(some), { most: 0 })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
    await expect(conversationTimeline(await counts([]))).rejects.toThrow(/await flows\(capture\)/);
  });

  it.skipIf(corpus === undefined)("draws a real capture", async () => {
    const capture = await openCapture(join(corpus as string, "pcpp_four_ipv6_http_streams.pcap"));
    const figure = await conversationTimeline(await flows(capture));
    expect(figure.data).toMatchObject([{ name: "tcp", y: [0, 1, 2, 3] }]);
    expect(await figure.svg()).toContain(":80</text>");
  });
});
