import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openSocketSamples } from "../../lib/index.js";
import { generationOf } from "../../lib/sockets/generation.js";
import { bitsPerSecond, microseconds, timerMs, whole } from "../../lib/sockets/units.js";
import { fileOf, rowsOf, samplesOf } from "./text.js";

test("FR-SOCKET-SUM-001: samples of one connection, two lines each, with time, cookie, memory and counters", async () => {
  const table = await samplesOf(`2026-01-01T00:00:00.250Z
State Recv-Q Send-Q  Local Address:Port  Peer Address:PortProcess
ESTAB 0      1041856     192.0.2.1:52644    192.0.2.2:5201 timer:(persist,172ms,0) ino:4085011 sk:3001 cgroup:unreachable:1 <->
\t skmem:(r0,rb131072,t0,tb1506816,f3968,w1060992,o0,bl0,d0) ts sack bbr wscale:10,9 rto:204 rtt:0.863/0.432 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 cwnd:204 ssthresh:142 bytes_sent:638144 bytes_acked:638145 segs_out:450 segs_in:23 data_segs_out:448 bbr:(bw:671830896bps,mrtt:0.005,pacing_gain:1.25,cwnd_gain:2) send 2738280417bps lastsnd:32 lastrcv:600 lastack:32 pacing_rate 831390736bps delivery_rate 228153976bps delivered:449 busy:600ms rwnd_limited:596ms(99.3%) rcv_space:14480 rcv_ssthresh:64088 notsent:1041856 minrtt:0.005
`);
  const [row] = await rowsOf(table);
  expect(row).toMatchObject({
    ...{
      sample: 0,
      time_ns: 1_767_225_600_250_000_000n,
      flow: "192.0.2.1:52644 → 192.0.2.2:5201",
      socket: "3001",
    },
    ...{
      state: "ESTAB",
      src: "192.0.2.1",
      src_port: 52_644,
      dst: "192.0.2.2",
      dst_port: 5_201,
      send_q_bytes: 1_041_856,
    },
    ...{ timer: "persist", timer_ms: 172, timer_repeats: 0, rcvbuf_bytes: 131_072, sndbuf_bytes: 1_506_816 },
    ...{
      wmem_queued_bytes: 1_060_992,
      drops: 0,
      congestion_control: "bbr",
      timestamps: true,
      sack: true,
      ecn: false,
    },
    ...{ window_scaling: true, peer_window_scale: 10, window_scale: 9, rtt_us: 863, rtt_deviation_us: 432 },
    ...{
      min_rtt_us: 5,
      cwnd_packets: 204,
      ssthresh_packets: 142,
      bytes_acked: 638_145,
      pacing_bits_per_second: 831_390_736,
    },
    ...{
      max_pacing_bits_per_second: null,
      delivery_bits_per_second: 228_153_976,
      busy_us: 600_000,
      rwnd_limited_us: 596_000,
    },
    ...{ notsent_bytes: 1_041_856, bbr_bits_per_second: 671_830_896, last_sent_us: 32_000 },
  });
  expect(table.provenance).toMatchObject({ lost: "unknown", partial: false, notes: [] });
});

test("what ss leaves out is 0 where a counter of the same age is there, and unknown where none is", async () => {
  const line = (more: string) =>
    `ESTAB 0 0 192.0.2.1:40000 192.0.2.2:80\n\t cubic rto:204 rtt:0.1/0.05 mss:1448 cwnd:10 ${more}`;
  const read = async (more: string, options = {}) => (await rowsOf(await samplesOf(line(more), options)))[0];
  const counters = {
    unacked_packets: 0,
    retrans_packets: 0,
    bytes_acked: null,
    notsent_bytes: null,
    busy_us: null,
    snd_wnd_bytes: null,
  };
  expect(await read("")).toMatchObject(counters);
  expect(await read("bytes_acked:1")).toMatchObject({ ...counters, bytes_acked: 1 });
  expect(await read("busy:4ms")).toMatchObject({
    ...counters,
    bytes_acked: 0,
    notsent_bytes: 0,
    busy_us: 4_000,
    rwnd_limited_us: 0,
  });
  expect(await read("snd_wnd:64256")).toMatchObject({
    bytes_retrans: 0,
    busy_us: 0,
    snd_wnd_bytes: 64_256,
    rcv_wnd_bytes: null,
  });
  // A kernel that knows it under an ss that doesn't print it.
  expect(await read("", { kernel: "6.12", ss: "5.10.0" })).toMatchObject({
    bytes_retrans: 0,
    busy_us: 0,
    snd_wnd_bytes: null,
  });
  expect(await read("", { kernel: "6.12", ss: "6.1.0" })).toMatchObject({ snd_wnd_bytes: 0 });
  // A round trip, a window or a rate that isn't there was never measured.
  expect(await read("", { kernel: "6.12", ss: "6.12" })).toMatchObject({
    min_rtt_us: null,
    pacing_bits_per_second: null,
  });
});

test("a socket without tcp_info has no counters, not even zeros", async () => {
  const [row] = await rowsOf(
    await samplesOf("TIME-WAIT 0 0 192.0.2.1:40000 192.0.2.2:80 timer:(timewait,59sec,0) ino:0 sk:7\n", {
      kernel: "6.12",
      ss: "6.12",
    }),
  );
  expect(row).toMatchObject({
    state: "TIME-WAIT",
    timer_ms: 59_000,
    retrans_packets: null,
    busy_us: null,
    sack: null,
  });
});

test("IPv6, IPv4 in IPv6 and bound devices: the same end has the same name", async () => {
  const table = await samplesOf(`
ESTAB 0 0 [2001:db8::1]:443 [2001:db8::2]:50000
ESTAB 0 0 [::ffff:192.0.2.1]:443 [::ffff:192.0.2.9]:50001
ESTAB 0 0 192.0.2.1%eth0:443 192.0.2.9:50002
ESTAB 0 0 [fe80::1]%eth0:443 [fe80::2]:50003
ESTAB 0 0 [fe80::1%eth1]:443 [fe80::2]:50004
ESTAB 0 0 ::ffff:192.0.2.1:443 ::ffff:192.0.2.9:50005
ESTAB 0 0 2001:db8::1:443 2001:db8::2:50006
ESTAB 0 0 192.0.2.1:https 192.0.2.9:50007`);
  expect((await rowsOf(table)).map(({ flow, device }) => [flow, device])).toEqual([
    ["[2001:db8::1]:443 → [2001:db8::2]:50000", null],
    ["192.0.2.1:443 → 192.0.2.9:50001", null],
    ["192.0.2.1:443 → 192.0.2.9:50002", "eth0"],
    ["[fe80::1]:443 → [fe80::2]:50003", "eth0"],
    ["[fe80::1]:443 → [fe80::2]:50004", "eth1"],
    ["192.0.2.1:443 → 192.0.2.9:50005", null],
    ["[2001:db8::1]:443 → [2001:db8::2]:50006", null],
    ["192.0.2.1:https → 192.0.2.9:50007", null],
  ]);
});

test("columns that ss leaves out, adds or pads, and sockets on one line, are read alike", async () => {
  const info = "cubic wscale:7,7 rto:201 rtt:0.5/0.2 mss:1448 cwnd:10";
  const table = await samplesOf(`Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process
tcp   ESTAB 1 2 192.0.2.1:443   192.0.2.9:50001 users:(("a cwnd:9",pid=1,fd=3)) timer:(on,1.200ms,2) uid:1000 ino:5 sk:a1 <-> skmem:(r0,rb131072,t0,tb87040,f0,w0,o0,bl0,d3) ${info}
Recv-Q Send-Q        Local Address:Port          Peer Address:Port
0      0                 192.0.2.1:443              192.0.2.9:50002
\t ${info}`);
  expect(await rowsOf(table)).toMatchObject([
    {
      sample: 0,
      state: "ESTAB",
      recv_q_bytes: 1,
      timer: "on",
      timer_ms: 1_200,
      timer_repeats: 2,
      socket: "a1",
      drops: 3,
      cwnd_packets: 10,
    },
    { sample: 1, state: null, rtt_us: 500, rcvbuf_bytes: null, cwnd_packets: 10 },
  ]);
});

test("names of processes and control groups can't pretend to be counters", async () => {
  const table = await samplesOf(
    'ESTAB 0 0 192.0.2.1:443 192.0.2.9:50001 users:(("x cwnd:9 sk:bad",pid=1,fd=3)) ino:5 sk:a1 cgroup:/a cwnd:8 busy:9ms <->\n\t cubic rto:201 rtt:0.5/0.2 mss:1448 cwnd:10\n',
  );
  expect(await rowsOf(table)).toMatchObject([{ socket: "a1", cwnd_packets: 10, busy_us: null }]);
});

test("wrong output 6: units are read, and what is no number is unknown, never 0", () => {
  expect(["250us", "250 us", "1.5s", "1.5 s", "0.863", "600ms", "1e-05"].map(microseconds)).toEqual([
    250, 250, 1_500_000, 1_500_000, 863, 600_000, 0,
  ]);
  expect(["3.2Tbps", "3.2 Tbps", "831Kbps", "228153976bps", "1.5Gbps"].map(bitsPerSecond)).toEqual([
    3.2e12, 3.2e12, 831_000, 228_153_976, 1.5e9,
  ]);
  expect(["200ms", "1.200ms", "12sec", "1min2.345ms", "9min58sec", "10min", ""].map(timerMs)).toEqual([
    200, 1_200, 12_000, 62_345, 598_000, 600_000, 0,
  ]);
  for (const read of [microseconds, bitsPerSecond, whole])
    expect([read("-5"), read("x"), read(undefined), read("")]).toEqual([null, null, null, null]);
  expect(whole("18446744073709551615")).toBe(18_446_744_073_709_551_615n);
});

test("the versions of kernel and ss say together which counters they tell of, also by the dates that ss once had", () => {
  expect(generationOf("6.12.5", "ss utility, iproute2-6.1.0")).toBe(5);
  expect(generationOf("5.10.0-30-amd64", "ss utility, iproute2-6.1.0")).toBe(5);
  expect(generationOf("4.19.0", "ss utility, iproute2-6.1.0")).toBe(4);
  expect(generationOf("5.4.0", "ss utility, iproute2-ss190708")).toBe(4);
  expect(generationOf("5.4.0", "ss utility, iproute2-ss180129")).toBe(3);
  expect(generationOf("3.10.0", "ss utility, iproute2-ss170501")).toBe(0);
  expect(generationOf("6.12", undefined)).toBe(0);
});

test("samples of files: a time, column names, another file or the same socket again begin one", async () => {
  const socket = "ESTAB 0 0 192.0.2.1:443 192.0.2.9:50001\n\t cubic rto:201 mss:1448 cwnd:10\n";
  const numbers = async (text: string, options = {}) =>
    (await rowsOf(await samplesOf(text, options))).map(({ sample, time_ns }) => [sample, time_ns]);
  const at = 1_767_225_600_000_000_000n;
  expect(await numbers(`# 2026-01-01 00:00:00\n${socket}\n# 2026-01-01 00:00:01.5\n${socket}`)).toEqual([
    [0, at],
    [1, at + 1_500_000_000n],
  ]);
  expect(
    await numbers(
      `Thu Jan  1 00:00:00 UTC 2026\n${socket}1767225601.25\n${socket}ts=1767225602000\n${socket}`,
    ),
  ).toEqual([
    [0, at],
    [1, at + 1_250_000_000n],
    [2, at + 2_000_000_000n],
  ]);
  expect(await numbers(`${socket}${socket}`, { everyMs: 500, startedAt: "2026-01-01T00:00:00Z" })).toEqual([
    [0, at],
    [1, at + 500_000_000n],
  ]);
  const header = "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n";
  expect(await numbers(`${header}${socket}${header}${header}${socket}`)).toEqual([
    [0, null],
    [2, null],
  ]);
  const untimed = await samplesOf(`${socket}${socket}`);
  expect(untimed.provenance.notes).toEqual(["2 of 2 samples don't say when they were taken: give everyMs"]);
});

test("several files, packed ones too, are one table in their order; a damaged one gives what can be read of it", async () => {
  const socket = (cwnd: number) =>
    `ESTAB 0 0 192.0.2.1:443 192.0.2.9:50001\n\t cubic rto:201 mss:1448 cwnd:${cwnd}\n`;
  const packed = fileOf("", "b.log.gz");
  const bytes = gzipSync(`1767225601\n${socket(2)}`);
  writeFileSync(packed, bytes);
  const first = fileOf(`1767225600\n${socket(1)}`, "a.log");
  expect(
    (await rowsOf(await openSocketSamples([first, packed]))).map((row) => [row.sample, row.cwnd_packets]),
  ).toEqual([
    [0, 1],
    [1, 2],
  ]);
  writeFileSync(packed, bytes.subarray(0, bytes.length - 10));
  const cut = await openSocketSamples([packed, first]);
  expect(cut.provenance.partial).toBe(true);
  expect(cut.provenance.notes[0]).toMatch(/^What could be read of a damaged file is here: b.log.gz: /);
  expect((await rowsOf(cut)).map((row) => row.cwnd_packets)).toContain(1);
});

test("NFR-REL-001, NFR-REL-002, NFR-REL-003: what is no sample is refused with a code, what is damaged is counted", async () => {
  await expect(openSocketSamples("/nowhere/at-all.log")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  await expect(samplesOf("hello\nworld\n")).rejects.toMatchObject({
    code: "NOT_SAMPLES",
    failed: "none of 2 lines is a TCP socket as ss prints it",
  });
  await expect(samplesOf("")).rejects.toMatchObject({ code: "NOT_SAMPLES", failed: "they are empty" });
  await expect(samplesOf("", { everyMs: -1 })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  const noise = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7_919) % 256)).toString(
    "latin1",
  );
  const table = await samplesOf(
    `${noise}\nESTAB 0 0 192.0.2.1:443 192.0.2.9:50001\n\t cubic rto:201 mss:1448 cwnd:10\nESTAB 0 0 192.0.2`,
  );
  expect(await table.count()).toBe(1);
  expect(table.provenance.notes.join()).toMatch(/lines are neither sockets nor times/);
});

test("a file that socketSamples wrote into a case is read with its facts; a sample that is cut off is not", async () => {
  const socket = "ESTAB 0 0 192.0.2.1:443 192.0.2.9:50001 sk:1\n\t cubic rto:201 mss:1448 cwnd:10\n";
  const table = await samplesOf(
    `skbook-fact kernel 6.1.0\nskbook-fact ss ss utility, iproute2-6.1.0\nskbook-fact net/ipv4/tcp_rmem 4096\t131072\t6291456\nskbook-sample 0 1767225600000000000 1000\n${socket}skbook-end 0 0 1001\nskbook-sample 2 1767225602000000000 1200\n${socket}skbook-end 2 0 1201\nskbook-sample 3 1767225603000000000 1300\n${socket}`,
  );
  expect(
    (await rowsOf(table)).map(({ sample, uptime_us, snd_wnd_bytes }) => [sample, uptime_us, snd_wnd_bytes]),
  ).toEqual([
    [0, 10_000_000, 0],
    [2, 12_000_000, 0],
  ]);
  expect(table.provenance).toMatchObject({
    lost: 1,
    partial: true,
    details: { kernel: "6.1.0", settings: { "net/ipv4/tcp_rmem": "4096 131072 6291456" } },
  });
});
