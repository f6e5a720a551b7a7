import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { loadAwk, loadWord, parseLoad } from "../../lib/hosts/load.js";
import { dropEvents, dropSummary, localhost, type Table } from "../../lib/index.js";
import { Account } from "../../lib/probes/engine/account.js";
import { bpf, defineRows, field } from "../../lib/probes/index.js";
import { describeLive } from "../fixtures/needs.js";

/** Sends datagrams to a port of loopback that nobody listens on, in bursts, until it is told to stop; and counts them. */
function refusedDatagrams(port: number, perBurst: number): { sent: () => number; stop: () => Promise<void> } {
  const socket = createSocket("udp4");
  let sent = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < perBurst; i += 1) socket.send("x", port, "127.0.0.1", () => (sent += 1));
  }, 10);
  return {
    sent: () => sent,
    stop: async () => {
      clearInterval(timer);
      await new Promise<void>((closed) => socket.send("", port, "127.0.0.1", () => socket.close(closed)));
    },
  };
}

const sender = `
  const socket = require("node:dgram").createSocket("udp4");
  setInterval(() => { for (let i = 0; i < 20; i += 1) socket.send("x", 9, "127.0.0.1"); }, 10);`;

const nothing = "lo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0";

/** One look at a host's counters, as the awk program that adds two of them up is given it. */
const look = (nanoseconds: string, softnet: readonly string[], eth0: string, ports: number) => [
  `t ${nanoseconds}`,
  ...softnet.map((line) => `s ${line}`),
  ...["Inter-| Receive | Transmit", " face |bytes packets|bytes", `    ${nothing}`, `  eth0: ${eth0}`].map(
    (line) => `d ${line}`,
  ),
  ...[
    "Ip: Forwarding InDiscards",
    `Ip: 1 ${ports}`,
    "Udp: InDatagrams NoPorts",
    `Udp: 5 ${ports}`,
    "Tcp: InErrs RetransSegs OutRsts EstabResets AttemptFails PassiveOpens CurrEstab",
    `Tcp: 0 ${3 * ports} ${ports} ${2 * ports} ${ports} ${4 * ports} ${ports}`,
  ].map((line) => `c ${line}`),
];

/** The load as a host says it. */
async function loadOf(lines: readonly string[]) {
  const { stdout } = await execa("awk", [loadAwk], { input: `${lines.join("\n")}\n` });
  const line = stdout.trim();
  return line.startsWith(`${loadWord} `) ? parseLoad(line.slice(loadWord.length + 1)) : null;
}

describe("the load of a host", () => {
  const before = look(
    "1795950000000000000",
    ["000000ff 00000001 0", "00000010 00000000 0"],
    "9 1 0 2 0 0 0 0 9 100 0 3 0 0 0 0",
    7,
  );
  const softnet = ["000001ff 00000003 0", "00000030 00000000 0"];
  const devices = "9 9 0 4 0 0 0 0 9 150 0 4 0 0 0 0";

  test("is what its counters went up by, per second", async () => {
    const after = look("1795950000500000000", softnet, devices, 12);
    expect(await loadOf([...before, ...after])).toEqual({
      packetsPerSecond: (0x100 + 0x20 + 50) * 2,
      dropsPerSecond: (2 + 2 + 1 + 5 + 5) * 2,
      resentPerSecond: (15 + 5 + 10 + 5 + 20) * 2,
    });
  });

  test("is unknown where the counters could not be read, or no time went by", async () => {
    const after = look("1795950000000000000", softnet, devices, 12);
    expect(await loadOf([...before, ...after])).toBeNull();
    expect(await loadOf(before)).toBeNull();
    expect(await loadOf([])).toBeNull();
    expect(parseLoad("3 1")).toEqual({ packetsPerSecond: 3, dropsPerSecond: 1 });
    for (const words of ["", "1", "a b", "1 2 c"]) expect(parseLoad(words)).toBeNull();
  });
});

describe("the books of a run", () => {
  test("tell what was lost by hook", () => {
    const account = new Account({ hooks: ["kprobe:a", "kprobe:b", "kprobe:c"], mapKeys: 4_096 });
    const row = (hook: number) => account.note({ type: "line", word: "row", hook, fields: [] });
    for (const hook of [0, 0, 1]) row(hook);
    expect(account.hooks[0]).toMatchObject({ hook: "kprobe:a", emitted: null, lost: "unknown" });
    account.note({ type: "line", word: "end", hook: -1, fields: ["1"] });
    const counted = {
      "@emitted_0": 5,
      "@emitted_1": 1,
      "@suppressed_0": 4,
      "@suppressed_2": 7,
      "@beyond_1": 1,
    };
    for (const [name, count] of Object.entries(counted))
      account.note({ type: "map", name, entries: [["", count]] });
    expect(account.hooks).toEqual([
      { hook: "kprobe:a", matched: 9, emitted: 5, suppressed: 4, lost: 7 },
      { hook: "kprobe:b", matched: 2, emitted: 1, suppressed: 0, lost: 0 },
      { hook: "kprobe:c", matched: 7, emitted: 0, suppressed: 7, lost: 7 },
    ]);
    expect(account).toMatchObject({ lost: 14, truncated: true, matched: 18, accounted: 3 });
  });
});

test("an event whose call returned unseen is lost", () => {
  const account = new Account({ hooks: ["kprobe:a", "kretprobe:a"], mapKeys: 4_096 });
  account.note({ type: "line", word: "row", hook: 1, fields: [] });
  account.note({ type: "line", word: "end", hook: -1, fields: ["1"] });
  const counted = Object.entries({ "@entered_1": 4, "@returned_1": 2, "@emitted_1": 1 });
  for (const [name, count] of counted) account.note({ type: "map", name, entries: [["", count]] });
  expect(account.hooks).toEqual([{ hook: "kretprobe:a", matched: 1, emitted: 1, suppressed: 0, lost: 2 }]);
  expect(account.lost).toBe(2);
});

test("an interval that ended before it began is lost, of a histogram that has room", () => {
  const account = new Account({ hooks: ["tracepoint:a:b"], countMap: "@samples", mapKeys: 4_096 });
  account.note({ type: "line", word: "end", hook: -1, fields: ["1"] });
  account.note({ type: "map", name: "@samples", entries: [["0,1", 7]] });
  expect(account.lost).toBe(0);
  account.note({ type: "map", name: "@negative_0", entries: [["", 2]] });
  expect(account).toMatchObject({ lost: 2, accounted: 7, matched: 7 });
});

describeLive("a budget for events", ["root", "bpftrace", "tracing"], () => {
  test("a host that is too busy is refused, with the estimate, the budget and what to run instead", async () => {
    // Another process, which goes on whatever this one is busy with.
    const flood = spawn(process.execPath, ["-e", sender], { stdio: "ignore" });
    try {
      await new Promise((later) => setTimeout(later, 1_000));
      const call = dropEvents(localhost(), { seconds: 1, dstPort: 9, maxEventsPerSecond: 50 });
      await expect(call).rejects.toMatchObject({
        code: "TOO_BUSY",
        todo: expect.stringMatching(/dropSummary.*force: true/),
        details: { maxEventsPerSecond: 50, summary: "dropSummary", estimate: expect.any(Number) },
      });
      await expect(call).rejects.toThrow(/drops a second.*more than the 50 events/);
      const summary = await dropSummary(localhost(), { seconds: 1, dstPort: 9 });
      expect(summary.values).toEqual([["NO_SOCKET", expect.any(String), "lo", expect.any(Number)]]);
    } finally {
      flood.kill();
      await once(flood, "exit");
    }
  });

  test("forced, it prints no more than the budget, and what it did not print is lost", async () => {
    let sent = 0;
    const events = await dropEvents(localhost(), {
      seconds: 60,
      dstPort: 19,
      maxEventsPerSecond: 40,
      force: true,
      during: async () => {
        const flood = refusedDatagrams(19, 10);
        await new Promise((later) => setTimeout(later, 2_000));
        await flood.stop();
        sent = flood.sent() + 1;
      },
    });
    const seen = await events.count();
    const { lost, truncated, details, notes } = events.provenance;
    expect(seen).toBeGreaterThan(10);
    expect(Number(lost)).toBeGreaterThan(seen);
    expect(seen + Number(lost)).toBe(sent);
    expect(truncated).toBe(false);
    expect(details.suppressed).toBe(lost);
    expect(notes.join()).toMatch(/not printed/);
  });

  test("losses are told by hook", async () => {
    const hooks = ["tracepoint:skb:kfree_skb", "tracepoint:net:netif_receive_skb"] as const;
    const both = defineRows({
      name: "bothHooks",
      measures: "datagrams to a port of loopback where they arrive and where they are dropped",
      hooks: { required: hooks },
      fields: [
        field({
          name: "length",
          type: "BIGINT",
          unit: "bytes",
          meaning: "of the packet",
          say: (at) => (at.hasArg("len") ? at.arg("len") : 1),
        }),
      ],
      program: ({ on, emit }) => [
        on(hooks[0], emit, { when: (at) => bpf`${at.arg("reason")} == 3` }),
        on(hooks[1], emit, { when: (at) => bpf`${at.arg("len")} == 129` }),
      ],
    });
    const table: Table = await both(localhost(), {
      seconds: 60,
      maxEventsPerSecond: 1_000_000,
      during: async () => {
        const socket = createSocket("udp4");
        for (let i = 0; i < 20; i += 1)
          await new Promise((done) => socket.send(Buffer.alloc(101), 29, "127.0.0.1", done));
        socket.close();
      },
    });
    const byHook = table.provenance.details.byHook as {
      hook: string;
      matched: number;
      emitted: number;
      lost: number;
    }[];
    expect(byHook.map(({ hook }) => hook)).toEqual(hooks);
    expect(byHook[0]).toMatchObject({ suppressed: 0, lost: 0 });
    expect(byHook[1]).toMatchObject({ matched: 20, emitted: 20, suppressed: 0, lost: 0 });
    expect(table.provenance.truncated).toBe(false);
  });
});
