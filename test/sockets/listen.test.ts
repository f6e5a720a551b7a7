import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listenSummary, live, localhost, record, replay } from "../../lib/index.js";
import { ListenReader } from "../../lib/sockets/listen-reader.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "./text.js";

const namespace = "listen-scene";
const [accepting, deferring] = [5_401, 5_402];
const limit = 4;

/**
 * Listens on two ports, the second of which keeps handshakes open until data comes (TCP_DEFER_ACCEPT). By lines: `connect PORT COUNT` says how many of so many clients are connected in the end and gives the others up, `accept COUNT`
 * accepts on the first port.
 */
const program = `
use Socket; use IO::Handle; use Fcntl; $| = 1; my ($limit, $first, $second) = @ARGV; my @kept;
sub listening { my ($port, $defer) = @_; socket(my $s, PF_INET, SOCK_STREAM, 0); setsockopt($s, 6, 9, 60) if $defer;
  bind($s, sockaddr_in($port, INADDR_LOOPBACK)) or die $!; listen($s, $limit); return $s }
my ($queue, $deferring) = (listening($first, 0), listening($second, 1)); print "listening $$\\n";
while (my $line = <STDIN>) {
  my ($what, @words) = split ' ', $line;
  if ($what eq 'accept') { for (1 .. $words[0]) { accept(my $c, $queue); push @kept, $c } print "accepted\\n"; next }
  my ($connected, @all) = (0);
  for (1 .. $words[1]) { socket(my $c, PF_INET, SOCK_STREAM | 2048, 0); connect($c, sockaddr_in($words[0], INADDR_LOOPBACK)); push @all, $c }
  select(undef, undef, undef, 0.3);
  for my $c (@all) { if (getpeername($c)) { $connected++; push @kept, $c } else { close $c } }
  undef @all; print "connected $connected\\n";
}`;

describeLive("listening sockets of a host", ["root", "namespaces"], () => {
  let scene: ReturnType<typeof start>;
  let process: number;
  const start = () =>
    execa(
      "ip",
      ["netns", "exec", namespace, "perl", "-e", program, ...[limit, accepting, deferring].map(String)],
      {
        reject: false,
        buffer: false,
      },
    );
  const said = async () => String(((await once(scene.stdout, "data")) as [Buffer])[0]).trim();
  const tell = async (line: string) => {
    const answer = said();
    scene.stdin.write(`${line}\n`);
    return answer;
  };
  beforeAll(async () => {
    await execa("ip", ["netns", "del", namespace], { reject: false });
    await execa("ip", ["netns", "add", namespace]);
    await execa("ip", ["-n", namespace, "link", "set", "lo", "up"]);
    scene = start();
    process = Number((await said()).split(" ")[1]);
  });
  afterAll(async () => {
    scene?.kill("SIGKILL");
    await scene;
    await execa("ip", ["netns", "del", namespace], { reject: false });
  });
  const summary = async (during: () => unknown, asked: object = {}) => {
    const frame = await listenSummary(localhost(), {
      ...{ netns: namespace, everyMs: 100, seconds: 60, during },
      ...asked,
    });
    return { rows: await rowsOf(frame), provenance: frame.provenance };
  };
  /** What the kernel has counted in the namespace since it is there. */
  const overflows = async () => {
    const { stdout } = await execa("ip", [
      "netns",
      "exec",
      namespace,
      "grep",
      "-h",
      "TcpExt:",
      "/proc/net/netstat",
    ]);
    const [names = [], values = []] = stdout.split("\n").map((line) => line.split(" "));
    return Number(values[names.indexOf("ListenOverflows")]);
  };

  test("a queue that nobody empties is full, drops what the kernel's counter says, and lets as many in as clients see", async () => {
    let answer = "";
    const { rows, provenance } = await summary(async () => {
      answer = await tell(`connect ${accepting} 9`);
    });
    expect(answer).toBe(`connected ${limit + 1}`);
    const [first, second] = rows;
    expect(first).toMatchObject({
      ...{ src: "127.0.0.1", src_port: accepting, device: null, limit, process, command: "perl" },
      ...{ queue_max: limit + 1, queue_last: limit + 1, syn_queue_max: 0, drops: await overflows() },
    });
    expect(first?.drops).toBeGreaterThanOrEqual(4);
    expect(first?.full_percent).toBeGreaterThan(0);
    expect(second).toMatchObject({ src_port: deferring, queue_max: 0, full_percent: 0, drops: 0 });
    const { counters, settings } = provenance.details as never as Record<string, Record<string, unknown>>;
    expect(counters).toMatchObject({
      ListenOverflows: first?.drops,
      PassiveOpens: limit + 1,
      SyncookiesSent: 0,
    });
    expect(settings?.["net/core/somaxconn"]).toMatch(/^\d+$/);
    expect(provenance.notes.join()).toContain(`${first?.drops} times an accept queue was full`);
    expect(provenance).toMatchObject({ partial: false, truncated: false });
  });

  test("what is accepted leaves the queue; one port can be asked for", async () => {
    const { rows, provenance } = await summary(() => tell(`accept ${limit + 1}`), { port: accepting });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ src_port: accepting, queue_max: limit + 1, queue_last: 0, drops: 0 });
    expect(provenance.details).toMatchObject({ counters: { ListenOverflows: 0, PassiveOpens: 0 } });
  });

  test("handshakes that are not over are counted apart", async () => {
    const { rows } = await summary(() => tell(`connect ${deferring} 3`));
    const deferred = rows.find((row) => row.src_port === deferring);
    // The ACKs without data are dropped, and the handshakes stay open.
    expect(deferred).toMatchObject({ queue_max: 0, syn_queue_max: 3, full_percent: 0, drops: 3 });
  });

  test("a replay has the same rows, without the host", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "skbook-case-")), "case");
    const asked = { netns: namespace, everyMs: 100, seconds: 0.5 };
    await record(folder);
    const recorded = await listenSummary(localhost(), asked);
    await replay(folder);
    try {
      const again = await listenSummary(localhost(), asked);
      expect(await rowsOf(again)).toEqual(await rowsOf(recorded));
      expect(again.provenance).toEqual(recorded.provenance);
      await expect(listenSummary(localhost(), { port: 9 })).rejects.toMatchObject({ code: "NOT_RECORDED" });
    } finally {
      live();
    }
  });

  test("a namespace that isn't there, and bad parameters, are errors that say so", async () => {
    const asked = (options: object) => listenSummary(localhost(), { seconds: 0.5, ...options });
    await expect(asked({ netns: "not-there" })).rejects.toMatchObject({ code: "SAMPLING_FAILED" });
    for (const wrong of [{ everyMs: 10 }, { port: 0 }, { port: [] }, { netns: "a b" }, { dst: "192.0.2.1" }])
      await expect(asked(wrong)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });
});

/** What a reader makes of samples, each of them lines of `ss`. */
function read(samples: readonly (readonly string[])[], before: readonly string[] = []): ListenReader {
  const reader = new ListenReader();
  for (const line of before) reader.take(line);
  samples.forEach((lines, index) => {
    reader.take(`skbook-sample ${index} 1790000000000000000 ${1_000 + index}`);
    for (const line of lines) reader.take(line);
    reader.take(`skbook-end ${index} 0 ${1_001 + index}`);
  });
  return reader;
}
const listening = (own: string, sk: string, queues = "0 128", memory = "bl0,d0") =>
  `LISTEN ${queues} ${own} *:* ino:1 sk:${sk} <->\n\t skmem:(r0,rb1,t0,tb1,f0,w0,o0,${memory})`.split("\n");

test("handshakes belong to the socket of their very address, else to one that listens on any", () => {
  const lines = [
    ...listening("192.0.2.1:80", "1"),
    ...listening("0.0.0.0:80", "2"),
    ...listening("[::]:80", "3"),
    ...listening("*:443", "4"),
    "skbook-opening 192.0.2.1:80 7",
    "skbook-opening 192.0.2.9:80 1",
    "skbook-opening 192.0.2.9%eth0:80 1",
    "skbook-opening 192.0.2.9:80 x",
    "skbook-opening [2001:db8::1]:80 3",
    "skbook-opening [::ffff:192.0.2.1]:443 5",
    "skbook-opening [2001:db8::1]:443 6",
  ];
  expect([...read([lines]).sockets.values()].map(({ opening }) => opening)).toEqual([7, 2, 3, 11]);
});

test("drops are told from the first sample to the last, over the end of 32 bits, and not where ss has none", () => {
  const of = (memory: string) => listening("*:80", "1", "0 128", memory);
  const drops = (...all: string[]) => [...read(all.map(of)).sockets.values()][0]?.drops;
  expect(drops("bl0,d4294967290", "bl0,d4")).toEqual({ first: 4_294_967_290n, last: 4n });
  expect(drops("bl0", "bl0")).toBeNull();
});

test("a sample that was cut off, or in which ss failed, counts for nothing", () => {
  const reader = read([listening("*:80", "1", "3 2")]);
  reader.take("skbook-sample 1 1790000000000000000 1010");
  for (const line of listening("*:80", "1", "9 2")) reader.take(line);
  reader.take("skbook-end 1 1 1011");
  reader.take("skbook-sample 2 1790000000000000000 1020");
  for (const line of listening("*:80", "1", "9 2")) reader.take(line);
  const [one] = reader.sockets.values();
  expect(one).toMatchObject({ last: 3, samples: 1, full: 1 });
  expect(reader.heard).toMatchObject({ samples: 1, ticks: 2, failed: 1 });
});

test("a sample that comes again, or has no time at its end, counts for nothing", () => {
  const reader = read([listening("*:80", "1", "3 2")]);
  for (const [sample, ended] of [
    [0, "1011"],
    [1, "x"],
  ]) {
    reader.take(`skbook-sample ${sample} 1790000000000000000 1010`);
    for (const line of listening("*:80", "1", "9 2")) reader.take(line);
    reader.take(`skbook-end ${sample} 0 ${ended}`);
  }
  expect(reader.heard).toMatchObject({ samples: 1, ticks: 1, longestMs: 10 });
  expect([...reader.sockets.values()]).toMatchObject([{ samples: 1, last: 3 }]);
});

test("names that processes gave themselves pass for no other process, nor for a socket", () => {
  const owner = (users: string) =>
    read([listening("*:80", "1")], [`skbook-owner LISTEN 0 128 *:80 *:* ${users} ino:1 sk:1 cgroup:/a <->`])
      .sockets.values()
      .next().value?.owners;
  expect(owner('users:(("nginx",pid=12,fd=6),("nginx",pid=11,fd=6))')).toEqual([
    { command: "nginx", process: 12 },
    { command: "nginx", process: 11 },
  ]);
  expect(owner('users:(("a",pid=1,fd=1)",pid=4242,fd=3))')).toEqual([
    { command: 'a",pid=1,fd=1)', process: 4242 },
  ]);
  expect(owner("")).toEqual([]);
  expect(owner('users:(("x)) sk:ab ",pid=4242,fd=3))')).toEqual([{ command: "x)) sk:ab ", process: 4242 }]);
});
