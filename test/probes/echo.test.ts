import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { echoSummary, echoTrace, localhost } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { countedInSoftirqs } from "../fixtures/softirqs.js";
import { makePair, type Pair } from "./pair.js";

/** Three requests, of which the last two have the same identifier and sequence number: their answers wait for each other. */
const sameIdentity = `
import socket, struct, sys
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
for number in (0, 1, 1):
    head = struct.pack("!BBHHH", 8, 0, ~(0x800 + 77 + number) & 0xffff, 77, number) + bytes(56)
    out.sendto(head, (sys.argv[1], 0))
`;

describeLive("pings", ["root", "bpftrace", "tracing", "namespaces", "python"], () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await makePair("skb-echo");
  });
  afterAll(() => pair?.remove());

  const netns = async (namespace: string) =>
    Number((await pair.inside(namespace, ["stat", "-Lc", "%i", "/proc/self/ns/net"])).stdout);
  const asks = (...options: string[]) =>
    execa("nsenter", [`--net=/run/netns/${pair.sending}`, "ping", "-q", ...options], { reject: false });
  const slow = (namespace: string, device: string, line: string) =>
    pair.inside(namespace, [
      "tc",
      "qdisc",
      line.split(" ")[0] as string,
      "dev",
      device,
      ...line.split(" ").slice(1),
    ]);

  /** What the kernel counted of pings in a namespace: no probe reads it. */
  async function counters(namespace: string): Promise<{ [name: string]: number }> {
    const { stdout } = await pair.inside(namespace, ["cat", "/proc/net/snmp"]);
    const [names = [], values = []] = String(stdout)
      .split("\n")
      .filter((line) => line.startsWith("Icmp:"))
      .map((line) => line.split(" ").slice(1));
    return Object.fromEntries(names.map((name, index) => [name, Number(values[index])]));
  }

  /** Counts by interval of what a namespace sees while something happens. */
  async function seenIn(namespace: string, during: () => Promise<unknown>, more: object = {}) {
    const before = await counters(namespace);
    const seen = await echoSummary(localhost(), {
      seconds: 60,
      netns: await netns(namespace),
      during,
      ...more,
    });
    const after = await counters(namespace);
    expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
    const rows = rowsOf(seen);
    const counts = Object.fromEntries(
      rows.map(({ role, interval, count }) => [`${role} ${interval}`, Number(count)]),
    );
    const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
    return { counts, grown, rows };
  }

  test("are all in the asker's books, and in the answerer's", countedInSoftirqs, async () => {
    const flood = () => asks("-f", "-c", "500", "-W", "1", pair.to);
    const asker = await seenIn(pair.sending, flood);
    expect(asker.counts).toEqual({
      "asker stack_out": 500,
      "asker away": 500,
      "asker stack_in": 500,
      "asker total": 500,
    });
    expect([asker.grown("OutEchos"), asker.grown("InEchoReps")]).toEqual([500, 500]);
    const by = ["role", "asker", "answerer"];
    const answerer = await seenIn(pair.receiving, flood, { by });
    expect(answerer.counts).toEqual({
      "answerer answer": 500,
      "answerer stack_out": 500,
      "answerer total": 500,
    });
    expect([answerer.grown("InEchos"), answerer.grown("OutEchoReps")]).toEqual([500, 500]);
    expect(answerer.rows[0]).toMatchObject({ asker: pair.from, answerer: pair.to });
  });

  test("are whole in a row each, with all of its parts", countedInSoftirqs, async () => {
    const rows = async (namespace: string) => {
      const seen = await echoTrace(localhost(), {
        seconds: 60,
        netns: await netns(namespace),
        asker: pair.from,
        answerer: "198.51.100.2/31",
        during: () => asks("-c", "20", "-i", "0.02", pair.to),
      });
      expect(seen.provenance.lost).toBe(0);
      const { values } = await seen.sql(`
        SELECT count(*)::INTEGER, count(DISTINCT echo_seq)::INTEGER, count(DISTINCT echo_id)::INTEGER, min(echo_seq), max(echo_seq),
          bool_and(total_ns = stack_out_ns + CASE role WHEN 'asker' THEN away_ns + stack_in_ns ELSE answer_ns END), min(total_ns) > 0
        FROM this`);
      expect(values).toEqual([[20, 20, 1, 1, 20, true, true]]);
      return seen;
    };
    await rows(pair.sending);
    await rows(pair.receiving);
  });

  test("that wait in a queue have the time there, at whoever has the queue", countedInSoftirqs, async () => {
    // 98 bytes at 8 kbit/s: each but the first two waits for the one before.
    await slow(pair.receiving, pair.peer, "add root tbf rate 8kbit burst 200 limit 20000");
    try {
      const during = () => asks("-c", "6", "-i", "0.02", "-W", "3", pair.to);
      const more = { timeoutMs: 10_000 };
      const largest = (rows: { [column: string]: unknown }[]) =>
        rows
          .filter(({ interval }) => interval !== "total")
          .sort((one, other) => Number(other.total_ns) - Number(one.total_ns))[0]?.interval;
      const asker = await seenIn(pair.sending, during, more);
      expect(asker.counts["asker total"]).toBe(6);
      expect(largest(asker.rows)).toBe("away");
      const answerer = await seenIn(pair.receiving, during, more);
      expect(answerer.counts["answerer total"]).toBe(6);
      expect(largest(answerer.rows)).toBe("stack_out");
    } finally {
      await slow(pair.receiving, pair.peer, "del root");
    }
  });

  test("that nobody answers, or no driver gets, are told apart", countedInSoftirqs, async () => {
    const ignore = (value: number) =>
      pair.inside(pair.receiving, ["sysctl", "-qw", `net.ipv4.icmp_echo_ignore_all=${value}`]);
    const during = () => asks("-c", "4", "-i", "0.02", "-W", "1", pair.to);
    await ignore(1);
    try {
      expect((await seenIn(pair.sending, during, { timeoutMs: 10 })).counts).toEqual({
        "asker unanswered": 4,
      });
      expect((await seenIn(pair.sending, during, { timeoutMs: 60_000 })).counts).toEqual({ "asker open": 4 });
      const answerer = await seenIn(pair.receiving, during, { timeoutMs: 10 });
      expect(answerer.counts).toEqual({ "answerer unanswered": 4 });
      expect(answerer.grown("InEchos")).toBe(4);
    } finally {
      await ignore(0);
    }
    await slow(pair.sending, pair.device, "add root tbf rate 8kbit burst 100 limit 10");
    try {
      // The first has what the bucket holds; others find no room, and are tried again.
      const { counts, grown } = await seenIn(
        pair.sending,
        () => asks("-c", "4", "-i", "0.02", "-w", "1", pair.to),
        { timeoutMs: 1 },
      );
      expect(counts["asker unsent"]).toBeGreaterThan(0);
      const books = ["away", "unsent", "repeated"].map((one) => counts[`asker ${one}`] ?? 0);
      expect(books.reduce((sum, one) => sum + one)).toBe(grown("OutEchos"));
    } finally {
      await slow(pair.sending, pair.device, "del root");
    }
  });

  test("that can't be told apart have no time", countedInSoftirqs, async () => {
    await slow(pair.receiving, pair.peer, "add root tbf rate 8kbit burst 100 limit 20000");
    try {
      const during = async () => {
        const start = (await counters(pair.sending)).InEchoReps ?? 0;
        await pair.inside(pair.sending, ["python3", "-c", sameIdentity, pair.to]);
        const replies = async () => (await counters(pair.sending)).InEchoReps;
        await expect.poll(replies, { timeout: 10_000 }).toBe(start + 3);
      };
      const asker = await seenIn(pair.sending, during, { timeoutMs: 60_000 });
      const times = ["stack_out", "away", "stack_in", "total"].map((one) => [`asker ${one}`, 1]);
      const books = { "asker repeated": 1, "asker unclear": 1, "asker unexpected": 1 };
      expect(asker.counts).toEqual({ ...Object.fromEntries(times), ...books });
      const { counts } = await seenIn(pair.receiving, during, { timeoutMs: 60_000 });
      expect(counts).toEqual({
        "answerer answer": 2,
        "answerer stack_out": 1,
        "answerer total": 1,
        "answerer repeated": 1,
        "answerer unclear": 1,
      });
    } finally {
      await slow(pair.receiving, pair.peer, "del root");
    }
  });

  test("in fragments, to oneself, and of IPv6", countedInSoftirqs, async () => {
    const large = await seenIn(pair.sending, () => asks("-c", "3", "-i", "0.02", "-s", "3000", pair.to));
    expect(large.counts).toMatchObject({ "asker fragments": 3 });
    expect(large.counts["asker away"]).toBeUndefined();

    await pair.inside(pair.sending, ["ip", "link", "set", "lo", "up"]);
    const own = await seenIn(pair.sending, () => asks("-c", "3", "-i", "0.02", pair.from));
    expect(own.counts).toMatchObject({ "asker total": 3, "answerer total": 3 });
    expect(Object.keys(own.counts)).toHaveLength(7);

    const ends = [
      [pair.sending, pair.device, "2001:db8::1"],
      [pair.receiving, pair.peer, "2001:db8::2"],
    ] as const;
    for (const [namespace, device, address] of ends) {
      await pair.inside(namespace, ["sysctl", "-qw", `net.ipv6.conf.${device}.disable_ipv6=0`]);
      await pair.inside(namespace, ["ip", "addr", "replace", `${address}/64`, "dev", device, "nodad"]);
    }
    await expect.poll(async () => (await asks("-c", "1", "-W", "1", "2001:db8::2")).exitCode).toBe(0);
    const six = await seenIn(pair.sending, () => asks("-c", "3", "-i", "0.02", "2001:db8::2"), {
      by: ["role", "asker", "answerer"],
      answerer: "2001:db8::/64",
    });
    expect(six.counts).toMatchObject({ "asker total": 3 });
    expect(six.rows[0]).toMatchObject({ asker: "2001:db8::1", answerer: "2001:db8::2" });
    const traced = await echoTrace(localhost(), {
      seconds: 60,
      netns: await netns(pair.receiving),
      during: () => asks("-c", "3", "-i", "0.02", "2001:db8::2"),
    });
    const { values } = await traced.sql(
      "SELECT DISTINCT role, asker, answerer, count(*) OVER ()::INTEGER FROM this",
    );
    expect(values).toEqual([["answerer", "2001:db8::1", "2001:db8::2", 3]]);
  });

  test(
    "that pass a bridge of their host, and those that another host's pass on",
    countedInSoftirqs,
    async () => {
      const third = "skb-echo-far";
      // Of its own: a bridge changes it.
      const before = pair;
      pair = await makePair("skb-echo-way");
      const ip = (namespace: string, line: string) => pair.inside(namespace, ["ip", ...line.split(" ")]);
      await execa("ip", ["netns", "add", third]);
      try {
        // Sending: its address on a bridge above the cable; receiving: a router to a third.
        await ip(pair.sending, "link add br9 type bridge");
        await ip(pair.sending, `link set ${pair.device} master br9`);
        await ip(pair.sending, "link set br9 address 02:00:00:00:00:01 up");
        await ip(pair.sending, `addr del ${pair.from}/24 dev ${pair.device}`);
        await ip(pair.sending, `addr add ${pair.from}/24 dev br9`);
        await ip(pair.sending, `neigh replace ${pair.to} dev br9 lladdr 02:00:00:00:00:02 nud permanent`);
        await ip(pair.sending, `route add 192.0.2.0/24 via ${pair.to}`);
        await ip(pair.receiving, `link add r0 type veth peer name r1 netns ${third}`);
        await ip(pair.receiving, "addr add 192.0.2.1/24 dev r0");
        await ip(pair.receiving, "link set r0 up");
        await ip(third, "addr add 192.0.2.2/24 dev r1");
        await ip(third, "link set r1 up");
        await ip(third, "route add default via 192.0.2.1");
        await pair.inside(pair.receiving, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
        const far = () => asks("-c", "3", "-i", "0.02", "192.0.2.2");
        await expect.poll(async () => (await far()).exitCode).toBe(0);

        await slow(pair.sending, pair.device, "add root tbf rate 8kbit burst 200 limit 20000");
        const asker = await seenIn(
          pair.sending,
          () => asks("-c", "5", "-i", "0.02", "-W", "3", "192.0.2.2"),
          {
            timeoutMs: 10_000,
          },
        );
        await slow(pair.sending, pair.device, "del root");
        expect(asker.counts).toEqual({
          "asker stack_out": 5,
          "asker away": 5,
          "asker stack_in": 5,
          "asker total": 5,
        });
        // Of those that are not followed, bridge and cable count one.
        const large = await seenIn(pair.sending, () =>
          asks("-c", "3", "-i", "0.02", "-s", "3000", "192.0.2.2"),
        );
        expect(large.counts).toMatchObject({ "asker fragments": 3 });
        // The queue stands below the bridge.
        const sum = (name: string) => Number(asker.rows.find(({ interval }) => interval === name)?.total_ns);
        expect(sum("stack_out")).toBeGreaterThan(sum("away") + sum("stack_in"));

        const router = await seenIn(pair.receiving, far);
        expect(router.counts).toEqual({ "answerer forwarded": 3, "asker unexpected": 3 });
      } finally {
        await execa("ip", ["netns", "del", third], { reject: false });
        await pair.remove();
        pair = before;
      }
    },
  );
});
