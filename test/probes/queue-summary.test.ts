import { afterAll, beforeAll, expect, test } from "vitest";
import { localhost, queueSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Row, rowsOf } from "../fixtures/rows.js";
import { countedInSoftirqs } from "../fixtures/softirqs.js";
import { makePair, type Pair } from "./pair.js";

const port = 4_000;
const [queues, flows, each, size] = [4, 8, 200, 300];
/** Ethernet, IPv4 and UDP. */
const headers = 14 + 20 + 8;

/** Sends messages of ten segments each, which are cut up by who sends them on a wire: UDP_SEGMENT. */
const segmented = `
import socket, sys
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.setsockopt(17, 103, 1000)
for _ in range(int(sys.argv[3])):
    out.sendto(bytes(10000), (sys.argv[1], int(sys.argv[2])))
`;

/** A tap with several queues, which gets so many frames by each; says how many the device has received. */
const tap = `
import fcntl, json, os, struct, subprocess, sys
frames, queues = json.loads(sys.argv[1]), []
for _ in frames:
    queue = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(queue, 0x400454ca, struct.pack("16sH22x", b"tap0", 0x0002 | 0x1000 | 0x0100))
    queues.append(queue)
subprocess.check_call(["ip", "link", "set", "tap0", "up"])
for queue, count in zip(queues, frames):
    for _ in range(count):
        os.write(queue, bytes.fromhex("020000000001020000000002" + "88b5") + bytes(100))
print([line.split()[2] for line in open("/proc/net/dev") if "tap0:" in line][0])
`;

/** By queue, what was counted. */
type Counts = Map<number, { packets: number; bytes: number }>;

const sumOf = (rows: Row[], quantity: string, column: "count" | "total") =>
  rows.filter((row) => row.quantity === quantity).reduce((sum, row) => sum + Number(row[column]), 0);

const byQueue = (rows: Row[]): Counts =>
  new Map(
    rows
      .filter(({ quantity }) => quantity === "frame")
      .map(({ queue, count, total }) => [Number(queue), { packets: Number(count), bytes: Number(total) }]),
  );

function difference(after: Counts, before: Counts): Counts {
  const changes = [...after].map(([queue, { packets, bytes }]) => {
    const { packets: had = 0, bytes: hadBytes = 0 } = before.get(queue) ?? {};
    return [queue, { packets: packets - had, bytes: bytes - hadBytes }] as const;
  });
  return new Map(changes.filter(([, { packets }]) => packets > 0));
}

const sorted = (counts: Counts) => [...counts].sort(([one], [other]) => one - other);

describeLive("frames by queue", ["root", "bpftrace", "tracing", "namespaces", "python", "ethtool"], () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await makePair("skb-queues", queues);
    await pair.inside(pair.sending, ["tc", "qdisc", "replace", "dev", pair.device, "root", "mq"]);
  });
  afterAll(() => pair?.remove());

  /** What the disciplines of the sending device's queues have sent: no probe reads it. */
  async function disciplines(): Promise<Counts> {
    const { stdout } = await pair.inside(pair.sending, ["tc", "-s", "class", "show", "dev", pair.device]);
    const classes = String(stdout).matchAll(/class mq \w+:(\w+) .*\n Sent (\d+) bytes (\d+) pkt/g);
    return new Map(
      [...classes].map(([, queue = "", bytes, packets]) => [
        Number.parseInt(queue, 16) - 1,
        { packets: Number(packets), bytes: Number(bytes) },
      ]),
    );
  }

  /** What the device itself says it has received. */
  async function received(): Promise<{ packets: number; bytes: number }> {
    const show = ["ip", "-s", "-j", "link", "show", "dev", pair.peer];
    const { stdout } = await pair.inside(pair.receiving, show);
    const [link] = JSON.parse(String(stdout)) as { stats64: { rx: { packets: number; bytes: number } } }[];
    return link?.stats64.rx ?? { packets: 0, bytes: 0 };
  }

  /** Whether the receiving driver uses NAPI: with GRO on, for what a sender without TSO sends. */
  async function napi(state: "on" | "off"): Promise<void> {
    await pair.inside(pair.receiving, ["ethtool", "-K", pair.peer, "gro", state]);
    await pair.inside(pair.sending, ["ethtool", "-K", pair.device, "tso", state === "on" ? "off" : "on"]);
  }

  async function send(): Promise<void> {
    for (let flow = 0; flow < flows; flow += 1) await pair.send({ count: each, size, port: port + flow });
  }

  for (const state of ["on", "off"] as const) {
    test(
      `are counted where the queues themselves count them, with NAPI ${state}`,
      countedInSoftirqs,
      async () => {
        await napi(state);
        const [sentBefore, before] = [await disciplines(), await received()];
        const seen = await queueSummary(localhost(), { seconds: 30, src: pair.from, during: send });
        const [sent, after] = [await disciplines(), await received()];
        expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
        const rows = rowsOf(seen).filter(({ device }) => device === pair.device || device === pair.peer);
        const tx = rows.filter(({ direction, device }) => direction === "tx" && device === pair.device);
        const rx = rows.filter(({ direction, device }) => direction === "rx" && device === pair.peer);
        expect(tx.length + rx.length).toBe(rows.length);
        expect(sumOf(tx, "frame", "count")).toBe(flows * each);
        expect(byQueue(tx).size).toBeGreaterThan(1);
        expect(sorted(byQueue(tx))).toEqual(sorted(difference(sent, sentBefore)));
        expect(sumOf(rx, "frame", "count")).toBe(after.packets - before.packets);
        // Where it uses NAPI, this driver counts no Ethernet header.
        const left = state === "on" ? 14 : 0;
        expect(sumOf(rx, "frame", "total")).toBe(after.bytes - before.bytes + flows * each * left);
        expect(sumOf(rx, "frame", "total")).toBe(flows * each * (size + headers));
        // This driver notes none.
        expect(new Set(rx.map(({ queue }) => queue))).toEqual(new Set([null]));
        expect(rows.filter(({ quantity }) => quantity !== "frame")).toEqual([]);
      },
    );
  }

  test(
    "that are several on the wire are told apart, by their class of size and flow",
    countedInSoftirqs,
    async () => {
      const seen = await queueSummary(localhost(), {
        seconds: 20,
        device: pair.device,
        dstPort: port,
        by: ["direction", "size", "flow"],
        during: async () => {
          await pair.inside(pair.sending, ["python3", "-c", segmented, pair.to, String(port), "20"]);
          await pair.send({ count: 50, size: 10, port });
          await pair.send({ count: 10, size: 10, port: port + 1 });
        },
      });
      expect(seen.provenance.lost).toBe(0);
      const [small, large, segments] = rowsOf(seen);
      const flow = { direction: "tx", src: pair.from, dst: pair.to, dst_port: port, protocol: "UDP" };
      expect(small).toMatchObject({ ...flow, up_to_bytes: 64, count: 50, total: 50 * (10 + headers) });
      expect(large).toMatchObject({
        ...flow,
        up_to_bytes: 16_384,
        count: 20,
        total: 20 * (10_000 + headers),
      });
      expect(segments).toMatchObject({
        ...flow,
        quantity: "segments",
        unit: "packets",
        count: 20,
        total: 200,
      });
      expect(rowsOf(seen)).toHaveLength(3);
    },
  );

  test("of a tap with several queues are told by its queue", countedInSoftirqs, async () => {
    const frames = [30, 0, 50, 70];
    let received = 0;
    const seen = await queueSummary(localhost(), {
      seconds: 20,
      device: "tap0",
      direction: "rx",
      during: async () => {
        const { stdout } = await pair.inside(pair.receiving, ["python3", "-c", tap, JSON.stringify(frames)]);
        received = Number(stdout);
      },
    });
    expect(received).toBe(150);
    expect(sorted(byQueue(rowsOf(seen)))).toEqual(
      [0, 2, 3].map((queue) => [queue, { packets: frames[queue], bytes: Number(frames[queue]) * 114 }]),
    );
  });

  test("of one direction only have rows of that alone", countedInSoftirqs, async () => {
    for (const direction of ["rx", "tx"] as const) {
      const by = ["device", "direction"] as const;
      const seen = await queueSummary(localhost(), {
        seconds: 20,
        src: pair.from,
        direction,
        by: [...by],
        during: send,
      });
      const device = direction === "rx" ? pair.peer : pair.device;
      expect(rowsOf(seen)).toMatchObject([{ device, direction, quantity: "frame", count: flows * each }]);
    }
  });
});
