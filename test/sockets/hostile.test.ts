import { expect, test } from "vitest";
import { type SocketPipeline, socketPipeline, socketSummary, socketWindows } from "../../lib/index.js";
import { maxSockets, SampleReader } from "../../lib/sockets/reader.js";
import { log, type Moment, rowsOf, samplesOf, socketText } from "./text.js";

const own = "192.0.2.1:40000";
const peer = "192.0.2.2:5201";

/** A sender that the peer's window holds up all the time, at 1 MB a second. */
const held = (count: number, { sk = "1", bytes = 1e6, own = "192.0.2.1:40000" } = {}): Moment[] =>
  Array.from({ length: count }, (_, second) => ({
    ...{ sk, own },
    tokens: `rtt:10/1 cwnd:10 minrtt:10 snd_wnd:64000 busy:${second * 1000}ms rwnd_limited:${second * 1000}ms bytes_acked:${1 + second * bytes} bytes_sent:${1 + second * bytes}`,
  }));
const reader = (count: number): Moment[] =>
  Array.from({ length: count }, (_, second) => ({
    ...{ own: peer, peer: own, sk: "9" },
    tokens: `rtt:10/1 cwnd:10 minrtt:10 busy:0ms bytes_received:${1 + second * 1e6}`,
  }));
const piped = async (sender: string, receiver: string): Promise<SocketPipeline> =>
  socketPipeline(await samplesOf(sender), await samplesOf(receiver));

test("a verdict never writes what is unknown as 0, nor as infinite", async () => {
  const withoutMemory = (text: string) => text.replaceAll(/ skmem:\S+/g, "");
  const { verdict } = await piped(withoutMemory(log(held(12))), withoutMemory(log(reader(12))));
  expect(verdict).toContain("receive buffer of unknown size");
  const old = log(held(12)).replaceAll(/ (?:minrtt|wscale|snd_wnd):\S+/g, "");
  const { findings } = await socketSummary(await samplesOf(old));
  const said = [...findings].map((finding) => finding.verdict).join("\n");
  expect(said).toContain("no window is above 64 KiB");
  expect(said).not.toMatch(/Infinity|NaN|null/);
});

test("bandwidth in bytes is refused in every spelling", async () => {
  const samples = await samplesOf(log(held(3)));
  for (const bandwidth of ["25 GBps", "25 GB/s", "25 GBPS", "25 Gbyte/s"]) {
    await expect(socketSummary(samples, { bandwidth })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  }
});

test("of a connection that is being opened, what both ends agree on and what limits it are unknown", async () => {
  const opening = socketText({ tokens: "cwnd:1 unacked:1 bytes_sent:1 busy:0ms" })
    .replace("ESTAB", "SYN-SENT")
    .replace("ts sack cubic wscale:7,7", "cubic");
  const begin = (second: number) => `2025-12-31T23:59:5${second}Z\nState Recv-Q Send-Q Local\n${opening}\n`;
  const samples = await samplesOf(begin(8) + begin(9) + log(held(12)));
  const [first] = await rowsOf(samples);
  expect(first).toMatchObject({
    timestamps: null,
    sack: null,
    ecn: null,
    window_scaling: null,
    cwnd_packets: 1,
  });
  const [one, two, three] = await rowsOf(await socketWindows(samples));
  expect([one?.limit, two?.limit, three?.limit]).toEqual([null, null, "receiver window"]);
  const { connections, findings } = await socketSummary(samples);
  expect((await rowsOf(connections))[0]).toMatchObject({ window_scaling: true, application_share: 0 });
  expect([...findings].map(({ id }) => id)).not.toContain("SOCKET_SCALING_OFF");
});

test("a number that no column can hold is unknown, and costs no other row", async () => {
  const frame = (sample: string, time: string, uptime: string) =>
    `skbook-fact kernel 6.1.0\nskbook-sample ${sample} ${time} ${uptime}\n${socketText({ tokens: "cwnd:1" })}\nskbook-end ${sample} 0 1`;
  for (const bad of [
    socketText({ own: "192.0.2.9:1", tokens: "cwnd:99999999999999999999" }),
    socketText({ own: "192.0.2.9:1", tokens: "pacing_rate 18446744073709551615bps" }),
    socketText({ own: "192.0.2.9:1", tokens: "rtt:1e300/1" }),
    socketText({ own: "192.0.2.9:1", tokens: "" }).replace("wscale:7,7", "wscale:99999999999,7"),
    `ESTAB ${"9".repeat(400)} 0 192.0.2.9:1 192.0.2.2:2`,
    socketText({ own: "192.0.2.1:99999999999", tokens: "cwnd:1" }),
    socketText({ tokens: "cwnd:1" }).replace("ino:1", "timer:(on,1ms,x) ino:1"),
    socketText({ tokens: "cwnd:1" }).replace("ino:1", `timer:(on,${"9".repeat(400)}min,99999999999) ino:1`),
    "9999999999999999999",
    "9999-99-99 99:99:99",
    frame("x", "1700000000000000000", "1000"),
    frame("99999999999", "1700000000000000000", "1000"),
    frame("0", "9999999999999999999", "1000"),
    frame("0", "1700000000000000000", "9".repeat(400)),
  ]) {
    const rows = await rowsOf(await samplesOf(`${log(held(2))}\n${bad}\n`));
    expect(
      rows.filter(({ bytes_acked }) => bytes_acked === 1),
      bad,
    ).toHaveLength(1);
  }
});

test("the name of a process can't pretend to be the time of a sample, nor an address to be a program", async () => {
  const named = log(held(3)).replaceAll(
    "ino:1",
    'users:(("2020-01-01 00:00",pid=1,fd=3),("2020-01-01 00:00:00",pid=2,fd=3)) ino:1',
  );
  const rows = await rowsOf(await samplesOf(named));
  expect(rows.map(({ sample }) => sample)).toEqual([0, 1, 2]);
  const few = await samplesOf(log(held(2, { own: `a'");x("':40000` })));
  const [finding] = [...(await socketSummary(few)).findings].filter(({ id }) => id === "SOCKET_SAMPLES_FEW");
  const [, text] = /^await samples\.sql\((".*")\)$/.exec(finding?.verify ?? "") ?? [];
  expect(await rowsOf(await few.sql(JSON.parse(text as string)))).toHaveLength(2);
});

test("a setting that is no number costs no finding", async () => {
  const samples = held(12).map((one, at) => {
    const uptime = 1_000 + at * 100;
    return `skbook-sample ${at} ${1_700_000_000 + at}000000000 ${uptime}\n${socketText(one)}\nskbook-end ${at} 0 ${uptime}`;
  });
  const facts =
    "skbook-fact kernel 6.1.0\nskbook-fact ss iproute2-6.6.0\nskbook-fact net/ipv4/tcp_wmem 4096 x";
  const { findings } = await socketSummary(await samplesOf([facts, ...samples].join("\n")), {
    bandwidth: "1 Gbit/s",
  });
  expect([...findings].map(({ id }) => id)).toContain("SOCKET_RECEIVER_LIMITED");
});

test("ports that another connection took, without a cookie or a counter of 64 bits, give no billions", async () => {
  const moment = (retrans: number): Moment => ({ tokens: `rtt:10/1 cwnd:10 retrans:0/${retrans}` });
  const text = log([5, 6, 2, 3].map(moment)).replaceAll(" sk:1", "");
  const { connections, findings } = await socketSummary(await samplesOf(text));
  expect((await rowsOf(connections))[0]?.retransmissions).toBe(2);
  expect([...findings].map(({ id }) => id)).toContain("SOCKET_SAMPLES_BACK");
});

test("of two sockets of one name, the pipeline looks at the one that carried the data", async () => {
  const idle = (sk: string) =>
    held(3).map((one) => ({ ...one, sk, tokens: one.tokens.replace(/acked:\d+/, "acked:1") }));
  for (const moments of [
    [...idle("1"), ...held(12, { sk: "2" })],
    [...held(12, { sk: "1" }), ...idle("2")],
  ]) {
    const { verdict } = await piped(log(moments), log(reader(15)));
    expect(verdict).toContain("at 8 Mbit/s");
  }
});

test("a control connection beside the data doesn't count, a second transfer does", async () => {
  const beside = (bytes: number) => {
    const other = held(12, { bytes, own: "192.0.2.1:40002", sk: "2" });
    return log(held(12).map((one, at) => [one, other[at] as Moment]));
  };
  expect((await piped(beside(100), log(reader(12)))).flow).toBe(`${own} → ${peer}`);
  await expect(piped(beside(5e5), log(reader(12)))).rejects.toThrow(/2 connections carried data/);
});

test("too few samples give a verdict that says so, and no finding above INFO", async () => {
  const few = await piped(log(held(3)), log(reader(3)));
  expect(few.verdict).toContain("3 samples are too few");
  expect([...few.findings].map(({ severity }) => severity)).not.toContain("CRITICAL");
  const many = await piped(log(held(12)), log(reader(12)));
  expect(many.verdict).not.toContain("too few");
  expect([...many.findings].map(({ severity }) => severity)).toContain("CRITICAL");
});

test("a receiver isn't told that its application sends nothing", async () => {
  const { findings } = await socketSummary(await samplesOf(log(reader(12))));
  expect([...findings].map(({ id }) => id)).not.toContain("SOCKET_APPLICATION_LIMITED");
});

test("text without an end takes no memory: of a socket's lines, of a sample's sockets", () => {
  const reader = new SampleReader();
  reader.take("skbook-sample 0 1700000000000000000 1000");
  reader.take("ESTAB 0 0 192.0.2.1:1 192.0.2.2:2");
  for (let index = 0; index < 100_000; index++) reader.take(` cwnd:${index} ${"x".repeat(1_000)}`);
  expect((reader as unknown as { pending: string }).pending.length).toBeLessThan(100_000);
  for (let index = 0; index < 200; index++) reader.take(`skbook-fact ${index} ${"x".repeat(10_000)}`);
  expect(Object.keys(reader.heard.facts)).toHaveLength(100);
  for (let index = 0; index < maxSockets + 5; index++) reader.take("ESTAB 0 0 192.0.2.1:1 192.0.2.2:2");
  expect(reader.take("skbook-end 0 0 1000")).toHaveLength(maxSockets);
  expect(reader.heard.beyond).toBe(6);
});
