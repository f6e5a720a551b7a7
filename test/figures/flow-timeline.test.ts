import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import "../../lib/analyses/index.js";
import { openCapture, packets, packetsOf } from "../../lib/captures/index.js";
import { type Figure, flowTimeline, packetLadder } from "../../lib/figures/index.js";
import type { Column, Provenance, Table, Value } from "../../lib/tables/index.js";
import { writeCapture } from "../captures/build.js";
import { Talk } from "../captures/talk.js";
import { provenance, start, tableOf } from "./tables.js";

const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
const whole = (name: string): Column => ({ name, type: "INTEGER", meaning: name });
const time: Column = { name: "time_ns", type: "BIGINT", meaning: "time" };

const client = ["192.0.2.1", 40000] as const;
const server = ["192.0.2.2", 80] as const;
const router = ["198.51.100.1", null] as const;
type End = readonly [string, number | null];

interface Packet {
  ms: number;
  from: End;
  to: End;
  flags?: string;
  length?: number;
  again?: boolean;
  duplicateAck?: number;
  icmp?: number;
}

function capture(rows: Packet[], own: Partial<Provenance> = {}): Promise<Table> {
  const columns = [
    whole("frame"),
    time,
    whole("wire_bytes"),
    text("src"),
    whole("src_port"),
    text("dst"),
    whole("dst_port"),
    text("transport"),
    whole("tcp_stream"),
    whole("quoted_tcp_stream"),
    text("tcp_flags"),
    whole("tcp_len_bytes"),
    { name: "retransmission", type: "BOOLEAN" as const, meaning: "sent again" },
    whole("duplicate_ack"),
    whole("icmp_type"),
  ];
  const values = rows.map(({ ms, from, to, icmp, ...tcp }, i): Value[] => [
    i + 1,
    start + BigInt(Math.round(ms * 1e6)),
    66 + (tcp.length ?? 0),
    ...from,
    ...to,
    icmp === undefined ? "tcp" : "icmp",
    icmp === undefined ? 0 : null,
    icmp === undefined ? null : 0,
    icmp === undefined ? (tcp.flags ?? "ACK") : null,
    icmp === undefined ? (tcp.length ?? 0) : null,
    icmp === undefined ? (tcp.again ?? false) : null,
    tcp.duplicateAck ?? null,
    icmp ?? null,
  ]);
  return tableOf(columns, values, provenance(own));
}

function drops(rows: [ms: number, from: End, to: End, reason: string][], own: Partial<Provenance> = {}) {
  const columns = [
    time,
    text("reason"),
    text("site"),
    text("src"),
    whole("src_port"),
    text("dst"),
    whole("dst_port"),
  ];
  return tableOf(
    columns,
    rows.map(([ms, from, to, reason]) => [
      start + BigInt(Math.round(ms * 1e6)),
      reason,
      "tcp_v4_rcv",
      ...from,
      ...to,
    ]),
    provenance(own),
  );
}

const conversation: Packet[] = [
  { ms: 0, from: client, to: server, flags: "SYN" },
  { ms: 1, from: server, to: client, flags: "SYN ACK" },
  { ms: 2, from: client, to: server },
  { ms: 3, from: client, to: server, length: 100 },
  { ms: 4, from: server, to: client, duplicateAck: 1 },
  { ms: 203, from: client, to: server, length: 100, again: true },
  { ms: 204, from: router, to: ["192.0.2.1", null], icmp: 3 },
  { ms: 300, from: client, to: server, flags: "FIN ACK" },
  { ms: 301, from: server, to: client, flags: "RST" },
];

const marks = (figure: Figure) =>
  Object.fromEntries(
    (figure.data as { name?: string; x: number[]; y: number[] }[]).map(({ name, x, y }) => [
      name ?? "lines",
      x.map((at, i) => [at, y[i]]),
    ]),
  );
const lanes = (figure: Figure) => (figure.layout.yaxis as { ticktext: string[] }).ticktext;
const badge = (figure: Figure) =>
  (figure.layout.annotations as { text: string }[]).map(({ text }) => text.replaceAll("<br>", " · "));

describe("flowTimeline", () => {
  it("has a lane for each direction and a mark for each packet, by kind", async () => {
    const figure = await flowTimeline(await capture(conversation), { flow: 0 });
    expect(lanes(figure)).toEqual([
      "192.0.2.1:40000<br>→ 192.0.2.2:80",
      "192.0.2.2:80<br>→ 192.0.2.1:40000",
      "198.51.100.1<br>→ 192.0.2.1",
    ]);
    expect(marks(figure)).toEqual({
      ACK: [[0.002, 0]],
      data: [[0.003, 0]],
      "duplicate ACK": [[0.004, 1]],
      FIN: [[0.3, 0]],
      SYN: [
        [0, 0],
        [0.001, 1],
      ],
      retransmission: [[0.203, 0]],
      RST: [[0.301, 1]],
      "ICMP error": [[0.204, 2]],
    });
    expect(badge(figure)).toEqual([]);
  });

  it("puts each drop beside the packets of its direction, and no other flow's", async () => {
    const figure = await flowTimeline(await capture(conversation), {
      flow: 0,
      drops: await drops([
        [3.1, client, server, "QDISC_DROP"],
        [5, ["192.0.2.1", 40001], server, "OTHER_PORT"],
        [6, server, ["192.0.2.1", null], "FRAGMENT"],
        [7, ["192.0.2.9", 40000], server, "OTHER_HOST"],
      ]),
    });
    expect(marks(figure)).toMatchObject({
      "drop on the host": [
        [0.0031, 0.25],
        [0.006, 1.25],
      ],
      retransmission: [[0.203, 0]],
    });
    expect(figure.data.at(-1)?.text).toEqual([
      "1 drop: QDISC_DROP at tcp_v4_rcv",
      "1 drop: FRAGMENT at tcp_v4_rcv",
    ]);
    expect(figure.toString()).toContain("2 drops of this flow");
  });

  it("has a lane for what never came back", async () => {
    const syns = [0, 1000, 3000].map((ms) => ({ ms, from: client, to: server, flags: "SYN", again: ms > 0 }));
    const figure = await flowTimeline(await capture(syns), {
      drops: await drops([[1, server, client, "NETFILTER_DROP"]]),
    });
    expect(lanes(figure)).toHaveLength(2);
    expect(marks(figure)).toMatchObject({ "drop on the host": [[0.001, 1.25]] });
  });

  it("lets packets share marks where there are many, and counts every one", async () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({
      ms: i,
      from: i % 3 === 0 ? server : client,
      to: i % 3 === 0 ? client : server,
      length: i % 3 === 0 ? 0 : 1448,
      again: i === 2500,
    }));
    const figure = await flowTimeline(await capture(many));
    const points = figure.data.flatMap(({ customdata }) => customdata as [number, number, number][]);
    expect(points.length).toBeLessThan(1000);
    expect(points.reduce((sum, [, packets]) => sum + packets, 0)).toBe(5000);
    expect(marks(figure).retransmission).toEqual([[2.5, 1]]);
  });

  it("says how many packets have no lane", async () => {
    const many = Array.from({ length: 12 }, (_, i) => ({
      ms: i,
      from: ["192.0.2.1", 1000 + i] as const,
      to: server,
    }));
    const figure = await flowTimeline(await capture([...many, ...many.slice(0, 8)]));
    expect(lanes(figure)).toHaveLength(8);
    expect(badge(figure)).toEqual(["4 packets of other directions not shown"]);
  });

  it("says what is missing, and where the clocks are two", async () => {
    const figure = await flowTimeline(await capture(conversation, { host: null, lost: 2, partial: true }), {
      drops: await drops([], { lost: "unknown" }),
    });
    expect(badge(figure)).toEqual([
      [
        "capture: 2 packets lost",
        "capture: partial: damaged input, or ended early",
        "drops: loss of events unknown",
        "drops and packets were timed by two clocks",
      ].join(" · "),
    ]);
  });

  it("draws a flow without packets as such", async () => {
    expect(badge(await flowTimeline(await capture(conversation), { flow: 7 }))).toEqual(["no packets"]);
  });

  it("takes an SQL condition, and says what is wrong with one", async () => {
    const table = await capture(conversation);
    expect(marks(await flowTimeline(table, { flow: "src = '192.0.2.2' OR icmp_type = 3" }))).toEqual({
      "duplicate ACK": [[0.003, 0]],
      SYN: [[0, 0]],
      RST: [[0.3, 0]],
      "ICMP error": [[0.203, 1]],
    });
    await expect(flowTimeline(table, { flow: "sourcy = 1" })).rejects.toMatchObject({ code: "SQL_FAILED" });
    await expect(flowTimeline(table, { flow: -1 })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(flowTimeline(table, { flow: 0.5 })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });

  it("shows what our own sequence pass says, not tshark's marks", async () => {
    // An ack that is captured right before its data: tshark takes the data for sent again.
    const talk = new Talk().open().data("client", 200).ack("server");
    const at = talk.at("server");
    talk.skip("server", 1000).ack("client").data("server", 1000, 0.000_004, at).exchange(2);
    const folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
    try {
      const path = join(folder, "mirror.pcap");
      writeCapture(path, talk.close().frames);
      const capture = await openCapture(path);
      const table = await packets(capture);
      const [[marked] = []] = (await table.sql("SELECT count(*)::INTEGER FROM this WHERE retransmission"))
        .values as [[number]];
      expect(marked).toBe(1);
      expect(marks(await flowTimeline(table, { flow: 0 })).retransmission).toBeUndefined();
      expect(
        marks(await flowTimeline(await table.query("FROM this"), { flow: 0 })).retransmission,
      ).toBeUndefined();
      const ladder = JSON.stringify(await packetLadder(await packetsOf(capture, "tcp 0")));
      expect(ladder).not.toContain("sent again");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  const shared = process.env.SKBOOK_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));
  const file = `${shared}/pcaps/zeek_retransmit-fast009.pcap`;
  if (!existsSync(file)) console.warn(`LEFT OUT: no ${file}, so no timeline of a real capture was drawn`);

  it.runIf(existsSync(file))("draws a real capture", async () => {
    const table = await packets(await openCapture(file));
    const figure = await flowTimeline(table, { flow: 0 });
    const counts = Object.entries(marks(figure)).map(([kind, points]) => [kind, points.length]);
    expect(Object.fromEntries(counts)).toMatchObject({ retransmission: 3, RST: 1, "duplicate ACK": 5 });
    expect(await figure.svg()).toContain(">retransmission</text>");
  });
});
