import { afterAll, beforeAll, expect, test } from "vitest";
import { gapEvents, gapSummary, localhost } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { countedInSoftirqs } from "../fixtures/softirqs.js";
import { makePair, type Pair } from "./pair.js";

const port = 4_000;

/** Sends over one connection, stops in between as asked, and says how long it stopped, by the clock that the kernel's times are of. */
const clientProgram = `
import socket, sys, time
there = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for wait in sys.argv[3:]:
    there.sendall(b"x"); there.recv(1)
    time.sleep(float(wait))
there.sendall(b"x"); there.recv(1)
there.close()
time.sleep(0.6)
`;
const serverProgram = `
import socket, sys
listening = socket.create_server(("", int(sys.argv[1])))
print("open", flush=True)
there, _ = listening.accept()
while there.recv(1):
    there.sendall(b"y")
there.close()
`;

describeLive("flows that fall silent", ["root", "bpftrace", "tracing", "namespaces", "python"], () => {
  let pair: Pair;
  let netns: number;
  beforeAll(async () => {
    pair = await makePair("skb-gaps");
    netns = Number((await pair.inside(pair.receiving, ["stat", "-Lc", "%i", "/proc/self/ns/net"])).stdout);
  });
  afterAll(() => pair?.remove());

  const send = (count: number, gap: number, to = port) => pair.send({ count, size: 100, port: to, gap });

  test("are counted with the silence of each, and as open when it goes on", countedInSoftirqs, async () => {
    const seen = await gapSummary(localhost(), {
      seconds: 60,
      devices: pair.peer,
      netns,
      longerThanMs: 300,
      protocol: "UDP",
      during: async () => {
        await send(3, 0.35);
        // Its own port at the other end: another flow.
        await send(20, 0, port + 1);
        await new Promise((resolve) => setTimeout(resolve, 400));
        await send(5, 0.001, port + 2);
      },
    });
    expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
    const rows = rowsOf(seen);
    const counts = Object.fromEntries(rows.map(({ interval, count }) => [interval as string, Number(count)]));
    const { open = 0, flowing = 0, ...rest } = counts;
    // The sender sleeps behind each: two silences between three datagrams. How long ago the last one was, the end decides.
    expect(rest).toEqual({ silent: 2 });
    expect(open + flowing).toBe(3);
    expect(open).toBeGreaterThanOrEqual(2);
    expect(rows[0]).toMatchObject({ device: pair.peer, direction: "in" });
    const silent = rows.find(({ interval }) => interval === "silent");
    expect(Number(silent?.total_ns)).toBeGreaterThanOrEqual(2 * 350e6);
  });

  test("have a row for each, on each side", countedInSoftirqs, async () => {
    const seen = await gapEvents(localhost(), {
      seconds: 60,
      devices: [pair.peer],
      netns,
      longerThanMs: 300,
      port,
      during: () => send(4, 0.32),
    });
    expect(seen.provenance.lost).toBe(0);
    const { values } = await seen.sql(
      "SELECT device, direction, packets_before::INTEGER, dst, dst_port, protocol, silent_ns >= 320000000 FROM this ORDER BY time_ns",
    );
    const row = (before: number) => [pair.peer, "in", before, pair.to, port, "UDP", true];
    expect(values).toEqual([row(1), row(2), row(3)]);
  });

  test("of TCP are over when it says so", countedInSoftirqs, async () => {
    const seen = await gapSummary(localhost(), {
      seconds: 60,
      devices: pair.peer,
      netns,
      longerThanMs: 300,
      protocol: "TCP",
      by: ["direction", "flow"],
      during: async () => {
        const server = pair.inside(pair.receiving, ["python3", "-c", serverProgram, `${port}`]);
        await expect
          .poll(async () => String((await pair.inside(pair.receiving, ["ss", "-Hltn"])).stdout))
          .toContain(`:${port}`);
        await pair.inside(pair.sending, ["python3", "-c", clientProgram, pair.to, `${port}`, "0.01", "0.4"]);
        await server;
      },
    });
    const rows = rowsOf(seen).map(({ direction, interval, count, src, protocol }) => [
      direction,
      interval,
      count,
      src,
      protocol,
    ]);
    // Both ways are silent once, and over at the end, though longer ago than a silence is.
    expect(rows.sort()).toEqual(
      [
        ["in", "over", 1, pair.from, "TCP"],
        ["in", "silent", 1, pair.from, "TCP"],
        ["out", "over", 1, pair.to, "TCP"],
        ["out", "silent", 1, pair.to, "TCP"],
      ].sort(),
    );
  });
});
