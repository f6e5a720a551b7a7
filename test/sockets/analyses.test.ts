import { expect, test } from "vitest";
import {
  openSocketSamples,
  socketBuffers,
  socketPipeline,
  socketRates,
  socketRetransmissions,
  socketSummary,
  socketWindows,
} from "../../lib/index.js";
import { fileOf, log, type Moment, rowsOf, samplesOf } from "./text.js";

const shares = [
  "application",
  "send_buffer",
  "receiver_window",
  "congestion_window",
  "pacing",
  "loss",
  "path",
].map((name) => `${name}_share`);

interface Held {
  busy?: number;
  rwnd?: number;
  sndbuf?: number;
  acked?: number;
  more?: string;
}

/** Seconds of a sender, by what its counters grow by in each. */
function sender(seconds: readonly Held[], own: Partial<Moment> = {}): Moment[] {
  const total = { busy: 0, rwnd: 0, sndbuf: 0, acked: 1 };
  const moments: Moment[] = [
    { ...own, tokens: `rtt:10/1 cwnd:10 bytes_acked:1 bytes_sent:1 delivered:1 minrtt:10 snd_wnd:64000` },
  ];
  for (const { busy = 0, rwnd = 0, sndbuf = 0, acked = 0, more = "" } of seconds) {
    total.busy += busy;
    total.rwnd += rwnd;
    total.sndbuf += sndbuf;
    total.acked += acked;
    const chrono = `busy:${total.busy}ms rwnd_limited:${total.rwnd}ms sndbuf_limited:${total.sndbuf}ms`;
    const usual = ["rtt:10/1", "cwnd:10", "minrtt:10", "snd_wnd:64000"].filter(
      (token) => !more.includes(`${token.split(":")[0]}:`),
    );
    moments.push({
      ...own,
      tokens: `${usual.join(" ")} bytes_acked:${total.acked} bytes_sent:${total.acked} ${chrono} ${more}`,
    });
  }
  return moments;
}

const many = (count: number, held: Held) => Array.from({ length: count }, () => held);

test("FR-SOCKET-DET-001: shares of the time by what limits, as the kernel and the sample say, add up to 1", async () => {
  const samples = await samplesOf(
    log(
      sender([
        { busy: 200, more: "notsent:0" },
        { busy: 1_000, rwnd: 900, more: "notsent:5000 unacked:3" },
        { busy: 1_000, sndbuf: 600, more: "notsent:5000 unacked:10" },
        { busy: 1_000, more: "notsent:5000 unacked:10" },
        { busy: 1_000, more: "notsent:5000 unacked:10 rtt:25/1 delivered:400" },
        { busy: 1_000, more: "notsent:5000 unacked:4 retrans:1/8 lost:2" },
        { busy: 1_000, more: "notsent:5000 unacked:4 retrans:0/8 pacing_rate 1000000bps/1000000bps" },
        { busy: 1_000, more: "notsent:5000 unacked:4 retrans:0/8" },
        { busy: 2_000, more: "notsent:5000 unacked:4 retrans:0/8" },
      ]),
    ),
  );
  const rows = await rowsOf(await socketWindows(samples));
  expect(rows.map((row) => row.limit)).toEqual([
    ...[
      "application",
      "receiver window",
      "send buffer",
      "congestion window",
      "path",
      "loss",
      "pacing",
      "path",
      "path",
    ],
  ]);
  for (const row of rows) expect(shares.reduce((sum, name) => sum + Number(row[name]), 0)).toBeCloseTo(1, 12);
  expect(rows[1]).toMatchObject({ application_share: 0, receiver_window_share: 0.9 });
  expect(rows[2]).toMatchObject({ send_buffer_share: 0.6, congestion_window_share: 0.4 });
});

test("losses are the path's only where the connection itself has packets in a queue", async () => {
  const lossy = (delivered: number, more: string) => ({
    busy: 1_000,
    more: `mss:1448 notsent:50000 unacked:8 lost:5 minrtt:0.01 delivered:${delivered} ${more}`,
  });
  const limitOf = async (packets: number, rtt: string) => {
    const seconds = [1, 2, 3].map((second) =>
      lossy(1 + second * packets, `rtt:${rtt}/1 retrans:1/${9 * second}`),
    );
    const rows = await rowsOf(await socketWindows(await samplesOf(log(sender(seconds)))));
    return rows.at(-1)?.limit;
  };
  // Round trips that a busy CPU or others make longer: 300 packets a second are half a packet in a queue of 1.5 ms.
  expect(await limitOf(300, "1.5")).toBe("loss");
  expect(await limitOf(0, "1.5")).toBe("loss");
  expect(await limitOf(3_000, "20")).toBe("path");
  // One of 2 s holds packets that come out later than the next sample: nobody can say.
  expect(await limitOf(0, "2000")).toBe("path");
});

test("what the kernel doesn't measure has no shares, rather than wrong ones", async () => {
  const samples = await samplesOf(log([1, 2].map((acked) => ({ tokens: `cwnd:10 bytes_acked:${acked}` }))));
  const [row] = await rowsOf(await socketWindows(samples));
  expect(row).toMatchObject({ limit: null, application_share: null, path_share: null, in_flight_packets: 0 });
  const { connections, findings } = await socketSummary(samples);
  expect(await rowsOf(connections)).toMatchObject([{ limit: null, limit_share: null }]);
  expect(findings.ids).toContain("SOCKET_LIMITS_UNKNOWN");
});

test("FR-SOCKET-DET-002: how the congestion window changes, and what a fall means", async () => {
  const windows = [
    ["cwnd:100", "retrans:0/0"],
    ["cwnd:60 ssthresh:60", "retrans:0/3"],
    ["cwnd:10 ssthresh:30", "retrans:0/9"],
    ["cwnd:100 ssthresh:30", "retrans:0/9"],
    ["cwnd:40 ssthresh:60", "retrans:0/9"],
  ].map(([cwnd, retrans]) => ({ tokens: `${cwnd} ${retrans} busy:1ms` }));
  const rows = await rowsOf(await socketWindows(await samplesOf(log(windows))));
  expect(rows.map((row) => [row.cwnd_event, row.phase, Math.round(Number(row.cwnd_change_percent))])).toEqual(
    [
      ["loss", "avoidance", -40],
      ["timeout", "slow start", -83],
      [null, "avoidance", 900],
      ["fall without loss", "slow start", -60],
    ],
  );
});

test("FR-SOCKET-DET-003, FR-SOCKET-DET-004: rates over time, by what counters grew by, and the limit that governs", async () => {
  const samples = await samplesOf(
    log(
      sender([
        {
          busy: 1_000,
          rwnd: 1_000,
          acked: 1_000_000,
          more: "notsent:100000 pacing_rate 20000000bps delivery_rate 10000000bps",
        },
        {
          busy: 1_000,
          acked: 2_000_000,
          more: "notsent:100000 unacked:10 pacing_rate 20000000bps delivery_rate 10000000bps app_limited",
        },
      ]),
    ),
  );
  expect(await rowsOf(await socketRates(samples))).toMatchObject([
    {
      acked_bits_per_second: 8e6,
      delivery_of_pacing: 0.5,
      limit: "receiver window",
      app_limited: false,
      cwnd_bits_per_second: 11_584_000,
    },
    { acked_bits_per_second: 16e6, delivery_of_pacing: null, limit: "congestion window", app_limited: true },
  ]);
});

test("counters of 32 bits that begin again, sockets that take the ports of others, and clocks that are set, give no wrong rate", async () => {
  const segments = ["4294967290", "4"].map((out) => ({
    tokens: `cwnd:10 data_segs_out:${out} retrans:0/${out} busy:0ms bytes_acked:5`,
  }));
  expect(await rowsOf(await socketRetransmissions(await samplesOf(log(segments))))).toMatchObject([
    { retransmissions: 10 },
  ]);
  const reused = ["5000", "10"].map((acked) => ({ tokens: `cwnd:10 busy:0ms bytes_acked:${acked}` }));
  const again = await samplesOf(log(reused));
  expect(await rowsOf(await socketRates(again))).toEqual([]);
  expect((await socketSummary(again)).findings.ids).toContain("SOCKET_SAMPLES_BACK");
  const other = reused.map((moment, index) => ({ ...moment, sk: String(index) }));
  expect(await rowsOf(await socketRates(await samplesOf(log(other))))).toEqual([]);
  const framed = (sample: number, time: string, uptime: number, busy: number) =>
    `skbook-sample ${sample} ${time} ${uptime}\nESTAB 0 0 192.0.2.1:1 192.0.2.2:2 sk:1\n\t cubic mss:1448 cwnd:1 busy:${busy}ms\nskbook-end ${sample} 0 ${uptime}\n`;
  const set = await samplesOf(
    framed(0, "1767225600000000000", 1_000, 0) + framed(1, "1767229200000000000", 1_100, 500),
  );
  expect(await rowsOf(await socketWindows(set))).toMatchObject([
    { elapsed_us: 1_000_000, application_share: 1 },
  ]);
});

test("FR-SOCKET-DET-005, FR-SOCKET-DET-006: bursts of retransmissions, and which of them were for nothing", async () => {
  const totals = [
    [0, 0],
    [6, 0],
    [18, 3],
    [18, 12],
    [19, 12],
    [44, 12],
  ] as const;
  const samples = await samplesOf(
    log(
      totals.map(([retrans, dsack], index) => ({
        tokens: `cwnd:10 busy:1ms retrans:0/${retrans} dsack_dups:${dsack} bytes_sent:${(index + 1) * 100_000} bytes_retrans:${retrans * 1_000}`,
      })),
    ),
  );
  const rows = await rowsOf(await socketRetransmissions(samples));
  expect(rows.map((row) => [row.retransmissions, row.spurious, row.burst, row.burst_severity])).toEqual([
    [6, 0, 1, "LOW"],
    [12, 3, 1, "MEDIUM"],
    [0, 9, null, null],
    [1, 0, null, null],
    [25, 0, 2, "HIGH"],
  ]);
  expect(rows[0]).toMatchObject({ resent_bytes: 6_000, resent_percent: 6, spurious_percent: 0 });
});

test("FR-SOCKET-DET-007, FR-SOCKET-DET-008: pressure of buffers over time, and advice by BDP", async () => {
  const moments = sender([{ busy: 1_000, sndbuf: 500, acked: 1, more: "notsent:100000" }, { acked: 1 }], {
    memory: { w: 87_000, tb: 87_040, r: 10, rb: 1_000 },
  });
  const samples = await samplesOf(log(moments));
  const [first, second, third] = await rowsOf(await socketBuffers(samples, { bandwidth: "1 Gbit/s" }));
  expect(first).toMatchObject({
    send_pressure: 87_000 / 87_040,
    receive_pressure: 0.01,
    pressure: "exhausted",
    drops: null,
  });
  expect(second).toMatchObject({ bdp_bytes: 1_250_000, needed_bytes: 2_500_000, drops: 0 });
  expect(second?.advice).toMatch(/^sender: more send buffer/);
  expect(third?.advice).toMatch(/below twice the BDP/);
  const [unknown] = await rowsOf(await socketBuffers(samples));
  expect(unknown).toMatchObject({ bdp_bytes: null, needed_bytes: null, advice: null });
});

test("FR-SOCKET-SUM-002: min, max, mean, std, cv, p50, p95 and p99 of every number; of counters, of what they grew by", async () => {
  const samples = await samplesOf(
    log([1, 2, 3, 4].map((n) => ({ tokens: `cwnd:${n * 10} rtt:${n}/1 bytes_acked:${n * n} busy:0ms` }))),
  );
  const { statistics } = await socketSummary(samples);
  const rows = await rowsOf(statistics);
  const of = (field: string) => rows.find((row) => row.field === field);
  expect(of("cwnd_packets")).toMatchObject({
    kind: "value",
    unit: "packets",
    known: 4,
    min: 10,
    max: 40,
    mean: 25,
    std: Math.sqrt(125),
    cv: Math.sqrt(125) / 25,
    p50: 20,
    p95: 40,
    p99: 40,
  });
  expect(of("bytes_acked")).toMatchObject({
    kind: "growth",
    unit: "bytes/s",
    known: 3,
    min: 3,
    max: 7,
    mean: 5,
  });
  expect(of("min_rtt_us")).toMatchObject({ known: 0, mean: null, min: null });
  const numbers = samples.schema.filter(
    ({ name, type }) =>
      type !== "VARCHAR" &&
      type !== "BOOLEAN" &&
      !["sample", "time_ns", "uptime_us", "src_port", "dst_port", "timer_repeats"].includes(name),
  );
  expect(rows.map((row) => row.field)).toEqual(numbers.map(({ name }) => name));
});

const steady = () =>
  sender(
    many(12, {
      busy: 1_000,
      rwnd: 700,
      acked: 1_250_000,
      more: "notsent:10000000 unacked:5 pacing_rate 20000000bps delivery_rate 10000000bps retrans:0/5 dsack_dups:1 bytes_retrans:70",
    }),
    {
      memory: { w: 80_000, tb: 100_000 },
    },
  );

test("FR-SOCKET-SUM-003, FR-SOCKET-SUM-004, FR-SOCKET-SUM-005, FR-SOCKET-SUM-006, FR-SOCKET-SUM-007, FR-SOCKET-SUM-008, FR-SOCKET-SUM-009, FR-SOCKET-SUM-010, FR-SOCKET-SUM-012: BDP, optimal cwnd, utilization, round trips, windows, rates, losses, buffers and the bottleneck", async () => {
  const { connections } = await socketSummary(await samplesOf(log(steady())), { bandwidth: "100 Mbps" });
  const [row] = await rowsOf(connections);
  expect(row).toMatchObject({
    ...{ role: "sender", limit: "receiver window", samples: 13, seconds: 12 },
    ...{ bdp_bytes: 125_000, optimal_cwnd_packets: 87, min_rtt_us: 10_000 },
    ...{ utilization: 0.1, acked_bits_per_second: 10e6, peak_bits_per_second: 10e6 },
    ...{ rtt_p50_us: 10_000, rtt_cv: 0, rtt_stability: "stable" },
    ...{ delivery_of_pacing: 0.5, retransmissions: 5, spurious: 1, spurious_percent: 20 },
    ...{ send_pressure: 0.8, snd_wnd_bytes: 64_000, congestion_control: "cubic", second_limit: "path" },
  });
  expect(row?.limit_share).toBeCloseTo(0.7, 12);
  expect(row?.window_use).toBeCloseTo((12 / 13) * ((5 * 1_448) / 64_000), 12);
  const rtts = [5, 10, 20, 40].map((rtt) => ({ tokens: `rtt:${rtt}/1 cwnd:10 busy:0ms` }));
  expect(await rowsOf((await socketSummary(await samplesOf(log(rtts)))).connections)).toMatchObject([
    { rtt_stability: "highly variable" },
  ]);
});

test("FR-SOCKET-SUM-011: what is wrong has evidence, a threshold, a call to see it, and advice", async () => {
  const { findings } = await socketSummary(await samplesOf(log(steady())));
  const finding = findings.get("SOCKET_RECEIVER_LIMITED");
  expect(finding).toMatchObject({ severity: "HIGH", certain: true, count: 1 });
  expect(finding.thresholds).toMatchObject({ share: { value: 0.1 }, high: { value: 0.5 } });
  expect(finding.verify).toBe('await socketWindows(samples, { flow: "192.0.2.1:40000 → 192.0.2.2:5201" })');
  expect(finding.advice.join()).toMatch(/socketPipeline/);
  expect(await rowsOf(finding.evidence)).toMatchObject([{ limit: "receiver window", snd_wnd_bytes: 64_000 }]);
});

test("FR-SOCKET-SUM-012: bandwidth has its unit", async () => {
  const samples = await samplesOf(log(steady()));
  const bdp = async (bandwidth: string) =>
    (await rowsOf((await socketSummary(samples, { bandwidth })).connections))[0]?.bdp_bytes;
  expect([await bdp("25 Gbit/s"), await bdp("100Mbps"), await bdp("64 kbps"), await bdp("8000 bps")]).toEqual(
    [31_250_000, 125_000, 80, 10],
  );
  for (const bandwidth of ["25", "10 GB/s", "fast", "0 Gbit/s", "-1 Gbit/s"]) {
    await expect(socketSummary(samples, { bandwidth })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  }
});

test("FR-SOCKET-SUM-013: a range of time", async () => {
  const samples = await samplesOf(log(steady()));
  const count = async (options: object) =>
    (await rowsOf((await socketSummary(samples, options)).connections))[0]?.samples;
  expect([await count({ from: 2, to: 5 }), await count({ from: "2026-01-01T00:00:10Z" })]).toEqual([4, 3]);
});

test("FR-SOCKET-SUM-014: samples that don't fit together are told", async () => {
  const gap = steady()
    .map((moment, index) => [moment, index] as const)
    .filter(([, index]) => index < 4 || index > 7);
  const framed = gap.map(
    ([{ tokens }, index]) =>
      `skbook-sample ${index} ${1_767_225_600 + index}000000000 ${100 * index}\nESTAB 0 0 192.0.2.1:1 192.0.2.2:2 sk:1\n\t cubic mss:1448 ${tokens}\nskbook-end ${index} 0 ${100 * index}\n`,
  );
  const { findings } = await socketSummary(await samplesOf(framed.join("")));
  expect(await rowsOf(findings.get("SOCKET_SAMPLES_MISSING").evidence)).toMatchObject([
    { samples: 9, missing: 4 },
  ]);
  const few = (await socketSummary(await samplesOf(log(steady().slice(0, 3))))).findings;
  expect(few.ids).toContain("SOCKET_SAMPLES_FEW");
  expect(few.get("SOCKET_RECEIVER_LIMITED")).toMatchObject({ certain: false, severity: "INFO" });
});

test("FR-SOCKET-DET-009, FR-SOCKET-PIPE-011: series are written to files", async () => {
  const path = fileOf("", "series.csv");
  await (await socketRates(await samplesOf(log(steady())))).toCsv(path, { overwrite: true });
  const { readFileSync } = await import("node:fs");
  expect(readFileSync(path, "utf8").split("\n")).toHaveLength(14);
});

test("FR-SOCKET-DET-010: fields that go together", async () => {
  const moments = Array.from({ length: 14 }, (_, n) => ({
    tokens: `rtt:${10 + (n % 5)}/1 cwnd:${100 - 3 * (n % 5)} busy:0ms`,
  }));
  const { correlations } = await socketSummary(await samplesOf(log(moments)));
  const pair = (await rowsOf(correlations)).find((row) => row.one === "rtt" && row.other === "cwnd");
  expect(pair).toMatchObject({ intervals: 13 });
  expect(pair?.correlation).toBeCloseTo(-1, 9);
});

test("wrong output 1: the peer's window is snd_wnd; a socket's own rcv_space never stands in for it", async () => {
  const without = await samplesOf(
    log([1, 2].map((n) => ({ tokens: `cwnd:10 unacked:5 busy:${n}ms delivered:1 rcv_space:14480` }))),
    { kernel: "4.19", ss: "4.20" },
  );
  expect(await rowsOf(await socketWindows(without))).toMatchObject([
    { snd_wnd_bytes: null, window_use: null },
  ]);
  expect(await rowsOf((await socketSummary(without)).connections)).toMatchObject([
    { snd_wnd_bytes: null, window_use: null },
  ]);
});

test("wrong output 2: packets are never held against bytes; the time that the window held it up is the kernel's", async () => {
  // A congestion window of 200 packets is less than a window of 64,000 as numbers, and more in bytes.
  const held = many(6, { busy: 1_000, rwnd: 100, acked: 1_000, more: "cwnd:200 unacked:3 notsent:1000000" });
  const [row] = await rowsOf((await socketSummary(await samplesOf(log(sender(held))))).connections);
  expect(row?.receiver_window_share).toBeCloseTo(0.1, 12);
});

test("wrong output 3: without a bandwidth there is no BDP, no optimal cwnd and no utilization", async () => {
  const [row] = await rowsOf((await socketSummary(await samplesOf(log(steady())))).connections);
  expect(row).toMatchObject({ bdp_bytes: null, optimal_cwnd_packets: null, utilization: null });
});

test("wrong output 4: a utilization of 163 % is a wrong bandwidth, no full link", async () => {
  const { findings, connections } = await socketSummary(await samplesOf(log(steady())), {
    bandwidth: "6.13 Mbps",
  });
  expect((await rowsOf(connections))[0]?.utilization).toBeCloseTo(1.63, 2);
  expect(findings.get("SOCKET_BANDWIDTH_WRONG").verdict).toMatch(/163 % of the bandwidth given/);
});

const receiver = (count: number, { recvQ = 0, r = 1_000, rb = 131_072, more = "" } = {}): Moment[] =>
  Array.from({ length: count }, (_, n) => ({
    ...{
      own: "192.0.2.2:5201",
      peer: "192.0.2.1:40000",
      recvQ: n === 0 ? 0 : recvQ,
      memory: { r: n === 0 ? 0 : r, rb },
    },
    tokens: `rtt:0.03/0.01 cwnd:10 bytes_received:${1 + n * 1_250_000} data_segs_in:${n * 900} rcv_ooopack:${n} busy:0ms snd_wnd:64000 ${more}`,
  }));

async function ends(own: Moment[], other: Moment[]) {
  return [await samplesOf(log(own)), await samplesOf(log(other))] as const;
}

test("wrong output 5: round trips of a receiver that sends nothing are held against nobody's", async () => {
  const pipeline = await socketPipeline(...(await ends(steady(), receiver(13))));
  expect(
    `${pipeline.verdict} ${JSON.stringify(pipeline.points.values)} ${pipeline.findings.ids}`,
  ).not.toMatch(/symmetr/i);
  const summary = await socketSummary(
    await samplesOf(
      log(
        receiver(13).map((one, n) => ({
          ...one,
          tokens: one.tokens.replace("rtt:0.03", `rtt:${1 + 40 * (n % 3)}`),
        })),
      ),
    ),
  );
  expect(summary.findings.ids).not.toContain("SOCKET_RTT_VARIABLE");
});

test("wrong output 7: all connections of a file, IPv6 too, and what the totals of retransmissions grew by", async () => {
  const more = { own: "[2001:db8::1]:40001", peer: "[2001:db8::2]:443", sk: "2" };
  const text = log(
    [0, 600, 1_149].map((total) => [
      { tokens: `cwnd:10 retrans:0/${total} busy:0ms` },
      { ...more, tokens: "cwnd:10 retrans:0/1 busy:0ms" },
    ]),
  );
  const rows = await rowsOf((await socketSummary(await samplesOf(text))).connections);
  expect(rows.map((row) => [row.flow, row.retransmissions])).toEqual([
    ["192.0.2.1:40000 → 192.0.2.2:5201", 1_149],
    ["[2001:db8::1]:40001 → [2001:db8::2]:443", 0],
  ]);
});

test("FR-SOCKET-PIPE-001, FR-SOCKET-PIPE-002, FR-SOCKET-PIPE-003, FR-SOCKET-PIPE-006: six points of the sender, four of the receiver, each with pressure, evidence and diagnosis", async () => {
  const { points } = await socketPipeline(...(await ends(steady(), receiver(13))));
  const rows = await rowsOf(points);
  expect(rows.map((row) => `${row.side} ${row.number} ${row.point}`)).toEqual([
    ...["application", "socket buffer", "write queue", "congestion window", "receiver window", "path"].map(
      (name, n) => `sender ${n + 1} ${name}`,
    ),
    ...["arrival", "receive buffer", "socket queue", "reader"].map((name, n) => `receiver ${n + 1} ${name}`),
  ]);
  for (const row of rows) {
    expect(row.pressure, String(row.point)).toSatisfy((value: number) => value >= 0 && value <= 1);
    expect(row.evidence).toMatch(/\d/);
    if (row.severity !== null) expect([row.diagnosis, row.action]).not.toContain(null);
  }
  expect(rows[1]).toMatchObject({ pressure: 0.8 });
});

test("FR-SOCKET-PIPE-004: a window that is shut is the reader's doing where data lies unread, else the buffer's", async () => {
  const small = await socketPipeline(...(await ends(steady(), receiver(13))));
  expect([small.limit, small.primary, small.secondary]).toEqual([
    "receiver window",
    "receiver: receive buffer",
    "sender: path",
  ]);
  expect(small.verdict).toMatch(/for 70 % of the time its receiver's window allowed no more/);
  const slow = await socketPipeline(...(await ends(steady(), receiver(13, { recvQ: 80_000, r: 130_000 }))));
  expect([slow.limit, slow.primary]).toEqual(["receiver window", "receiver: reader"]);
  expect(slow.verdict).toMatch(/its receiving application read too slowly/);
});

test("from and to are of one time for both ends: seconds since the sender's first sample", async () => {
  const late = log(steady()).replaceAll(/^2026\S+/gm, (time) =>
    new Date(Date.parse(time) + 5_000).toISOString(),
  );
  const unread = { recvQ: 130_000, memory: { r: 130_000, rb: 131_072 } };
  const other = receiver(18).map((one, n) => (n < 6 ? { ...one, ...unread } : one));
  const both = [await samplesOf(late), await samplesOf(log(other))] as const;
  const primary = async (filter: object) => (await socketPipeline(...both, filter)).primary;
  expect(await primary({})).toBe("receiver: reader");
  expect(await primary({ from: 1 })).toBe("receiver: receive buffer");
  expect(await primary({ from: "2026-01-01T00:00:06Z", to: 12 })).toBe("receiver: receive buffer");
});

test("Summary and Pipeline name the same bottleneck, whatever it is", async () => {
  const cases: Held[] = [
    { busy: 100, acked: 5, more: "notsent:0" },
    { busy: 1_000, sndbuf: 800, acked: 5, more: "notsent:500000" },
    { busy: 1_000, acked: 5, more: "notsent:500000 unacked:10" },
    { busy: 1_000, acked: 5, more: "notsent:500000 unacked:2" },
    { busy: 1_000, acked: 5, more: "notsent:500000 unacked:2 lost:1" },
    { busy: 1_000, acked: 5, more: "notsent:500000 pacing_rate 1000bps/1000bps" },
  ];
  const found = [];
  for (const one of cases) {
    const [own, other] = await ends(sender(many(6, one)), receiver(7));
    const [row] = await rowsOf((await socketSummary(own)).connections);
    const pipeline = await socketPipeline(own, other);
    expect(pipeline.limit).toBe(row?.limit);
    found.push(pipeline.limit);
  }
  expect(found).toEqual(["application", "send buffer", "congestion window", "path", "loss", "pacing"]);
});

test("FR-SOCKET-PIPE-005, FR-SOCKET-PIPE-007, FR-SOCKET-PIPE-008, FR-SOCKET-PIPE-009, FR-SOCKET-PIPE-010: health, ordered actions, verdict, matrix and a picture in text", async () => {
  const pipeline = await socketPipeline(
    ...(await ends(steady(), receiver(13, { recvQ: 80_000, r: 130_000 }))),
  );
  expect(pipeline.health.grade).toBe("CRITICAL");
  expect((await rowsOf(pipeline.actions))[0]).toMatchObject({ rank: 1, side: "receiver", point: "reader" });
  expect(pipeline.findings.ids).toContain("PIPELINE_RECEIVER_4_READER");
  const matrix = await rowsOf(pipeline.matrix);
  expect(matrix.find((row) => row.limit === "receiver window")?.data_unread).toBeCloseTo(0.7, 9);
  expect(
    matrix.flatMap(({ limit: _, ...cells }) => Object.values(cells).map(Number)).reduce((a, b) => a + b),
  ).toBeCloseTo(1, 9);
  expect(pipeline.picture.split("\n")).toHaveLength(10);
  expect(pipeline.picture).toMatch(/^receiver 4 reader +\[#{14,20}\.*\] \d\.\d\d {2}CRITICAL, primary$/m);
  expect(String(pipeline)).toContain(pipeline.verdict);
});

test("a pipeline of several connections asks which; of one without its other end it says so", async () => {
  const second = { own: "192.0.2.1:40001", sk: "2" };
  const both = await samplesOf(log(sender(many(3, { acked: 9 })).map((one) => [one, { ...one, ...second }])));
  const other = await samplesOf(log(receiver(4)));
  await expect(socketPipeline(both, other)).rejects.toMatchObject({
    code: "BAD_PARAMETER",
    failed: "2 connections carried data",
  });
  await expect(
    socketPipeline(both, other, { flow: "192.0.2.1:40000 → 192.0.2.2:5201" }),
  ).resolves.toBeDefined();
  await expect(
    socketPipeline(both, other, { flow: "192.0.2.1:40001 → 192.0.2.2:5201" }),
  ).rejects.toMatchObject({ code: "NO_SUCH_PEER" });
  await expect(socketPipeline(other, both)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  await expect(socketPipeline({} as never, other)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
});

/** As the sampler writes it, with what it was told before the first sample. */
const framed = (facts: readonly string[], moments: readonly (Moment | readonly Moment[])[]) =>
  facts.map((fact) => `skbook-fact ${fact}\n`).join("") +
  moments
    .map((one, n) => {
      const begin = `skbook-sample ${n} ${1_767_225_600 + n}000000000 ${100 * n}\n`;
      const sockets = [one]
        .flat()
        .map(
          ({ tokens, own = "192.0.2.1:1", peer = "192.0.2.2:2", sk = "1" }) =>
            `ESTAB 0 0 ${own} ${peer} sk:${sk}\n\t skmem:(r0,rb100000,t0,tb100000,f0,w0,o0,bl0,d0) cubic mss:1448 ${tokens}\n`,
        );
      return `${begin}${sockets.join("")}skbook-end ${n} 0 ${100 * n}\n`;
    })
    .join("");

test("a shaper's rate is held against all connections that share it", async () => {
  const more = "notsent:50000 unacked:10 rtt:40/1 cwnd:40";
  const seconds = (own: string, sk: string) =>
    sender(many(8, { busy: 1_000, acked: 120_000, more }), { own, sk });
  const both = seconds("192.0.2.1:1", "1").map((one, at) => [one, seconds("192.0.2.1:2", "2")[at] as Moment]);
  const text = framed(["shaping/192.0.2.2 eth0 tbf:2Mbit"], both);
  const { connections, findings } = await socketSummary(await samplesOf(text));
  const rows = await rowsOf(connections);
  expect(rows).toMatchObject([
    { queue_carries_bits_per_second: 1_920_000 },
    { queue_carries_bits_per_second: 1_920_000 },
  ]);
  expect(findings.get("SOCKET_QUEUE_RATE").count).toBe(2);
});

test("settings of the kernel that explain it are findings: window scaling, buffers, autotuning, restarts after idling", async () => {
  const facts = [
    "tcp_rmem 4096 131072 200000",
    "tcp_wmem 4096 16384 200000",
    "tcp_moderate_rcvbuf 0",
    "tcp_slow_start_after_idle 1",
  ].map((fact) => `net/ipv4/${fact}`);
  const idle = many(6, { busy: 300, rwnd: 200, acked: 9 }).map((held, n) => ({
    ...held,
    more: `cwnd:${n % 2 === 0 ? 80 : 10}`,
  }));
  const options = { bandwidth: "10 Gbit/s" };
  const atSender = (await socketSummary(await samplesOf(framed(facts, sender(idle))), options)).findings;
  expect(atSender.ids).toEqual(
    expect.arrayContaining([
      "SOCKET_SCALING_OFF",
      "SOCKET_WRITE_LIMIT_LOW",
      "SOCKET_BUFFER_BELOW_BDP",
      "SOCKET_IDLE_RESTART",
    ]),
  );
  expect(atSender.ids).not.toContain("SOCKET_READ_LIMIT_LOW");
  const atReceiver = (await socketSummary(await samplesOf(framed(facts, receiver(6))), options)).findings;
  expect(atReceiver.get("SOCKET_AUTOTUNING_OFF").verdict).toMatch(/net.ipv4.tcp_moderate_rcvbuf is 0/);
});

test("thousands of connections: their statistics are a table of any size", async () => {
  const many = Array.from({ length: 2_000 }, (_, n) => ({
    own: `192.0.2.1:${10_000 + n}`,
    sk: String(n),
    tokens: "cwnd:10 busy:0ms",
  }));
  const { connections, statistics, correlations } = await socketSummary(await samplesOf(log([many, many])));
  expect(connections.shape[0]).toBe(2_000);
  expect(await statistics.count()).toBeGreaterThan(100_000);
  expect(await correlations.count()).toBe(0);
});

test("NFR-PERF-002, NFR-PERF-005: a thousand files of samples, in bounded memory", async () => {
  const text = log(steady());
  const paths = Array.from({ length: 1_000 }, (_, n) =>
    fileOf(text.replaceAll("sk:1 ", `sk:${n} `), `many-${String(n).padStart(4, "0")}.log`),
  );
  const samples = await openSocketSamples(paths);
  expect(await samples.count()).toBe(13_000);
  const { connections } = await socketSummary(samples);
  const rows = await rowsOf(connections);
  expect(rows).toHaveLength(1_000);
  expect(new Set(rows.map((row) => row.limit))).toEqual(new Set(["receiver window"]));
});

test("a rate that the sender's own queueing discipline sets is named: fq's as pacing, a shaper's beside the path", async () => {
  const seconds = many(8, {
    busy: 1_000,
    acked: 240_000,
    more: "notsent:50000 unacked:10 rtt:40/1 cwnd:40",
  });
  const rated = async (facts: string) => {
    const { connections, findings } = await socketSummary(await samplesOf(framed([facts], sender(seconds))));
    const [row] = await rowsOf(connections);
    return { row, ids: findings.ids };
  };
  const fq = await rated("shaping/192.0.2.2 eth0 fq:2Mbit");
  expect(fq.row).toMatchObject({
    ...{ limit: "pacing", queue_bits_per_second: 2_000_000, queue_rate_by: "fq on eth0" },
  });
  expect(fq.ids).toContain("SOCKET_PACING_LIMITED");
  expect(fq.ids).not.toContain("SOCKET_QUEUE_RATE");
  const tbf = await rated("shaping/192.0.2.2 eth0 tbf:2Mbit fq:1Gbit");
  expect(tbf.row).toMatchObject({
    limit: "path",
    queue_bits_per_second: 2_000_000,
    queue_rate_by: "tbf on eth0",
  });
  expect(tbf.ids).toContain("SOCKET_QUEUE_RATE");
  // Acknowledgements come in bursts: less in one interval, more in the next.
  const bursts = many(12, { busy: 1_000, acked: 240_000, more: "notsent:50000 unacked:10 rtt:40/1 cwnd:40" });
  const uneven = sender(bursts.map((one, at) => ({ ...one, acked: at % 2 === 0 ? 130_000 : 350_000 })));
  const { connections } = await socketSummary(
    await samplesOf(framed(["shaping/192.0.2.2 eth0 fq:2Mbit"], uneven)),
  );
  const [burst] = await rowsOf(connections);
  expect(burst).toMatchObject({ limit: "pacing" });
  expect(burst?.limit_share).toBeGreaterThan(0.9);
  // What goes faster goes another way, whatever the host's routes say.
  for (const other of [
    "192.0.2.2 eth0 tbf:200Kbit",
    "192.0.2.2 eth0 fq:200Kbit",
    "192.0.2.9 eth0 fq:2Mbit",
    "192.0.2.2 eth0 fq:1Gbit",
    "192.0.2.2 eth0 fq:2Mbit fq:4Mbit",
    "192.0.2.2 eth0 cake:unlimited",
  ]) {
    const { row, ids } = await rated(`shaping/${other}`);
    expect(row, other).toMatchObject({ limit: "path" });
    expect(ids, other).not.toContain("SOCKET_QUEUE_RATE");
  }
});
