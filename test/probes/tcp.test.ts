import { once } from "node:events";
import { execa } from "execa";
import { afterEach, beforeAll, expect, test } from "vitest";
import {
  type Frame,
  live,
  localhost,
  readLatencySummary,
  recvSummary,
  tcpConnectEvents,
  tcpConnectSummary,
  tcpEvents,
  tcpFlightSummary,
  tcpRttSummary,
} from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { countedInSoftirqs } from "../fixtures/softirqs.js";
import { buildScene, clientAddress } from "../scene/topology.js";
import { ready, traffic } from "../scene/traffic.js";
import type { LinkFaults } from "../sockets/link.js";
import { buildSocketScene, receiverAddress, type SocketScene, senderAddress } from "../sockets/scene.js";

const port = 5_201;
const closedPort = 5_202;
const seconds = 60;

/** Answers each message of `size` bytes by one byte, after `pause` seconds in which the message lies unread. */
const server = `
import select, socket, sys, time
port, size, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
listening = socket.create_server(("", port)); print("listening", flush=True)
while True:
    peer, _ = listening.accept()
    while True:
        select.select([peer], [], [])
        time.sleep(pause)
        got = 0
        while got < size:
            data = peer.recv(size - got)
            if not data: break
            got += len(data)
        if got < size: break
        peer.send(b"y")
    peer.close()
`;
const client = `
import socket, sys
to, port, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
peer = socket.create_connection((to, port)); peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for _ in range(count):
    peer.sendall(bytes(size)); peer.recv(1)
print("done", flush=True); sys.stdin.readline()
`;
/** Accepts connections, and closes each of the first with its data unread; the others stay open. */
const neverReading = `
import socket, sys, time
port, closed = int(sys.argv[1]), int(sys.argv[2])
listening = socket.create_server(("", port)); print("listening", flush=True)
kept = []
while True:
    peer, _ = listening.accept()
    time.sleep(0.1)
    if closed > 0: peer.close(); closed -= 1
    else: kept.append(peer)
`;
const senders = `
import socket, sys, time
to, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
kept = []
for _ in range(count):
    peer = socket.create_connection((to, port)); peer.sendall(b"x" * 100); kept.append(peer); time.sleep(0.3)
print("done", flush=True); sys.stdin.readline()
`;
const connects = `
import socket, sys
to, port, closed, nobody, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
for _ in range(count): socket.create_connection((to, port)).close()
for _ in range(count + 2):
    try: socket.create_connection((to, closed))
    except ConnectionRefusedError: pass
waiting = [socket.socket() for _ in range(3)]
for one in waiting:
    one.setblocking(False); one.connect_ex((nobody, port))
waiting.pop().close()
print("done", flush=True); sys.stdin.readline()
`;

describeLive("probes of TCP", ["root", "namespaces", "python", "bpftrace", "tracing"], () => {
  let scene: SocketScene;
  const running: (() => Promise<void>)[] = [];
  beforeAll(() => live());
  afterEach(async () => {
    for (const stop of running.splice(0)) await stop();
    await scene?.remove();
  });

  /** Runs a program in a namespace until it is told to end, and comes back when it has said its word. */
  async function start(namespace: string, program: string, word: string, ...args: (string | number)[]) {
    const netns = `--net=/run/netns/${namespace}`;
    const one = execa("nsenter", [netns, "/usr/bin/python3", "-c", program, ...args.map(String)], {
      ...{ reject: false, buffer: false, stderr: "inherit" },
    });
    running.push(async () => {
      one.kill("SIGKILL");
      await one;
    });
    const [said] = (await once(one.stdout, "data")) as [Buffer];
    if (String(said).trim() !== word) throw new Error(`${word} was not said, but ${said}`);
  }
  const inside = async (namespace: string, ...command: string[]) =>
    (await execa("nsenter", [`--net=/run/netns/${namespace}`, ...command])).stdout;

  /** What the kernel counts in a namespace, which no probe reads. */
  async function counters(namespace: string): Promise<Map<string, number>> {
    const text = await inside(namespace, "nstat", "-asz");
    const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
    return new Map(lines.map(([name = "", value]) => [name, Number(value)]));
  }
  const grown = (before: Map<string, number>, after: Map<string, number>, name: string) =>
    Number(after.get(name)) - Number(before.get(name));

  /** What `ss` says of the sender's connection. */
  async function connection(): Promise<(name: string) => number> {
    const said = await inside(scene.sender, "ss", "-tinOH", "state", "established", "dport", "=", `:${port}`);
    return (name) => Number(new RegExp(`\\b${name}:([\\d.]+)`).exec(said)?.[1]);
  }

  async function build(prefix: string, faults?: LinkFaults): Promise<void> {
    scene = await buildSocketScene(prefix, faults);
  }

  async function exchange(count: number, size: number, pause: number) {
    await start(scene.receiver, server, "listening", port, size, pause);
    await start(scene.sender, client, "done", receiverAddress, port, count, size);
  }

  test(
    "tell round trips, windows and what is in flight of each segment, as ss knows them",
    countedInSoftirqs,
    async () => {
      await build("tcprtt", { delayMs: 20 });
      let ss = (_: string) => Number.NaN;
      let flights: Frame | undefined;
      const trips = await tcpRttSummary(localhost(), {
        ...{ seconds, dst: receiverAddress, dstPort: port, by: ["flow", "socket"] },
        during: async () => {
          flights = await tcpFlightSummary(localhost(), {
            ...{ seconds, ip: receiverAddress, srcPort: port },
            during: async () => {
              await exchange(40, 100, 0);
              ss = await connection();
            },
          });
        },
      });
      expect([trips.provenance.lost, flights?.provenance.lost]).toEqual([0, 0]);
      const [srtt, ...none] = rowsOf(trips);
      expect(none).toEqual([]);
      expect(srtt).toMatchObject({
        src: senderAddress,
        dst: receiverAddress,
        dst_port: port,
        interval: "srtt",
      });
      // All segments but the answer to the SYN.
      expect(srtt?.count).toBe(ss("segs_in") - 1);
      expect(Number(srtt?.p50_high_ns)).toBeGreaterThanOrEqual(40e6);
      expect(srtt?.socket).toMatch(/^[0-9a-f]+$/);

      const of = (quantity: string) => rowsOf(flights as Frame).find((row) => row.quantity === quantity);
      expect(of("in_flight")).toMatchObject({
        src: receiverAddress,
        src_port: port,
        dst: senderAddress,
        unit: "bytes",
      });
      // Its answers of one byte are all that it sends: never more than one is in flight.
      expect(of("in_flight")?.max_high).toBe(1);
      expect(of("cwnd")).toMatchObject({ unit: "packets", max_low: 10 });
      expect(of("send_window")?.count).toBe(of("in_flight")?.count);
    },
  );

  test(
    "tell how connections were made, and why not, as often as the kernel counts",
    countedInSoftirqs,
    async () => {
      await build("tcpcon");
      const nobody = "192.0.2.99";
      await execa("ip", [
        "-n",
        scene.sender,
        "neigh",
        "add",
        nobody,
        "lladdr",
        "02:00:00:00:00:99",
        "dev",
        "eth0",
      ]);
      const before = await counters(scene.sender);
      const atReceiver = await counters(scene.receiver);
      let [after, later] = [before, atReceiver];
      let events: Awaited<ReturnType<typeof tcpConnectEvents>> | undefined;
      const summary = await tcpConnectSummary(localhost(), {
        ...{ seconds, ip: "192.0.2.0/24" },
        during: async () => {
          events = await tcpConnectEvents(localhost(), {
            ...{ seconds, dst: receiverAddress },
            during: async () => {
              await start(scene.receiver, server, "listening", port, 1, 0);
              await start(scene.sender, connects, "done", receiverAddress, port, closedPort, nobody, 5);
              after = await counters(scene.sender);
              later = await counters(scene.receiver);
            },
          });
        },
      });
      expect(summary.provenance.lost).toBe(0);
      const rows = rowsOf(summary);
      const counted = (interval: string, result: string | null, dst: string, to: number) =>
        rows.find(
          (row) => row.interval === interval && row.result === result && row.dst === dst && row.port === to,
        )?.count;
      expect({
        connected: counted("connected", "connected", receiverAddress, port),
        refused: counted("failed", "ECONNREFUSED", receiverAddress, closedPort),
        closed: counted("failed", "closed", nobody, port),
        open: counted("open", null, nobody, port),
        accepted: counted("accepted", "connected", senderAddress, port),
      }).toEqual({ connected: 5, refused: 7, closed: 1, open: 2, accepted: 5 });
      expect(rows).toHaveLength(5);
      expect(grown(before, after, "TcpActiveOpens")).toBe(5 + 7 + 1 + 2);
      // One that its own side gives up is none of these.
      expect(grown(before, after, "TcpAttemptFails")).toBe(7);
      expect(grown(atReceiver, later, "TcpPassiveOpens")).toBe(5);

      const each = rowsOf(
        await (events as NonNullable<typeof events>).sql("SELECT * FROM this ORDER BY time_ns"),
      );
      expect(each.filter(({ what }) => what === "failed")).toHaveLength(7);
      expect(each.filter(({ what }) => what === "connected")).toHaveLength(5);
      expect(each.find(({ what }) => what === "failed")).toMatchObject({
        ...{ src: senderAddress, dst: receiverAddress, dst_port: closedPort, result: "ECONNREFUSED" },
      });
      expect(each.every(({ took_ns, process }) => Number(took_ns) > 0 && Number(process) > 1)).toBe(true);
    },
  );

  test("show each segment that is sent again, with why, and each reset", countedInSoftirqs, async () => {
    await build("tcpev", { delayMs: 2, loseEvery: 15 });
    let [before, after] = [new Map<string, number>(), new Map<string, number>()];
    let [resetsBefore, resetsAfter] = [before, after];
    let held: Frame | undefined;
    const seen = await tcpEvents(localhost(), {
      ...{ seconds, ip: "192.0.2.0/24" },
      during: async () => {
        held = await readLatencySummary(localhost(), {
          ...{ seconds, src: receiverAddress, by: ["own_port"] },
          during: async () => {
            before = await counters(scene.sender);
            resetsBefore = await counters(scene.receiver);
            await exchange(3, 300_000, 0);
            await start(
              scene.sender,
              connects,
              "done",
              receiverAddress,
              closedPort,
              closedPort,
              receiverAddress,
              0,
            ).catch(() => {});
            after = await counters(scene.sender);
            resetsAfter = await counters(scene.receiver);
          },
        });
      },
    });
    expect(seen.provenance.lost).toBe(0);
    const rows = rowsOf(await seen.sql("SELECT * FROM this ORDER BY time_ns"));
    const again = rows.filter(({ event, src }) => event === "retransmission" && src === senderAddress);
    const segments = again.reduce((sum, row) => sum + Number(row.segments), 0);
    expect(segments).toBe(grown(before, after, "TcpRetransSegs"));
    expect(segments).toBeGreaterThan(5);
    const timeouts = new Set(again.map(({ cause }) => cause));
    expect(
      [...timeouts].filter((cause) => !["timeout", "recovery", "probe"].includes(String(cause))),
    ).toEqual([]);
    expect(again.filter(({ cause }) => cause === "recovery").length).toBeGreaterThan(0);
    for (const row of again) expect(Number(row.length_bytes)).toBeGreaterThan(0);
    const recoveries = rows.filter(
      (row) => row.event === "congestion state" && row.congestion_state === "RECOVERY",
    );
    expect(recoveries).toHaveLength(
      grown(before, after, "TcpExtTCPSackRecovery") + grown(before, after, "TcpExtTCPRenoRecovery"),
    );
    const sent = rows.filter(({ event, src }) => event === "reset sent" && src === receiverAddress);
    expect(sent).toHaveLength(grown(resetsBefore, resetsAfter, "TcpOutRsts"));
    const received = rows.filter(({ event, src }) => event === "reset received" && src === senderAddress);
    // One answers a SYN whose socket is closed already.
    expect([sent.length, received.length]).toEqual([5, 4]);

    const hole = rowsOf(held as Frame).find(({ interval }) => interval === "hole");
    expect(Number(hole?.count)).toBeGreaterThan(0);
    expect(Number(hole?.count)).toBeLessThanOrEqual(grown(resetsBefore, resetsAfter, "TcpExtTCPOFOQueue"));
  });

  test("tell a segment that is too long for the path from one whose timer fired", async () => {
    const routed = await buildScene("tcpmtu");
    try {
      // The host says so to the sender, whose other end has told of segments that its own network takes.
      await execa("ip", ["-n", routed.host, "link", "set", "uplink0", "mtu", "1300"]);
      const sink = traffic(routed.client, "sink", port);
      await ready(sink);
      const seen = await tcpEvents(localhost(), {
        ...{ seconds, dst: clientAddress, dstPort: port, events: "retransmission" },
        during: () => traffic(routed.app, "upload", clientAddress, port, 200_000),
      });
      sink.kill();
      const rows = rowsOf(await seen.sql("SELECT * FROM this ORDER BY time_ns"));
      expect(rows[0]).toMatchObject({
        event: "retransmission",
        cause: "timeout or path MTU",
        congestion_state: "LOSS",
      });
    } finally {
      await routed.remove();
    }
  });

  test("tell how long data lay unread, and what the calls took and got", async () => {
    await build("tcpread");
    let reads: Frame | undefined;
    const unread = await readLatencySummary(localhost(), {
      ...{ seconds, src: receiverAddress, srcPort: port, by: ["own_port", "process"] },
      during: async () => {
        reads = await recvSummary(localhost(), { seconds, during: () => exchange(10, 500, 0.1) });
      },
    });
    const [row, ...none] = rowsOf(unread);
    expect(none).toEqual([]);
    expect(row).toMatchObject({ src_port: port, interval: "unread", count: 10 });
    expect(Number(row?.p50_high_ns)).toBeGreaterThanOrEqual(100e6);
    const of = (quantity: string) =>
      rowsOf(reads as Frame).find(
        (one) =>
          one.process === row?.process &&
          one.call === "recvfrom" &&
          one.outcome === "data" &&
          one.quantity === quantity,
      );
    expect(of("took")).toMatchObject({ unit: "ns", count: 10 });
    expect(of("size")).toMatchObject({ unit: "bytes", count: 10, total: 5_000 });
  });

  test("count what nobody read: of sockets that were closed, and of those that stay", async () => {
    await build("tcpunread");
    const unread = await readLatencySummary(localhost(), {
      ...{ seconds, src: receiverAddress, srcPort: port, by: ["own_port", "peer", "process"] },
      during: async () => {
        await start(scene.receiver, neverReading, "listening", port, 7);
        await start(scene.sender, senders, "done", receiverAddress, port, 10);
      },
    });
    expect(unread.provenance.lost).toBe(0);
    const rows = rowsOf(unread);
    expect(rows.map((row) => [row.src_port, row.dst, row.process, row.interval, row.count])).toEqual([
      [port, senderAddress, null, "discarded", 7],
      [port, senderAddress, null, "open", 3],
    ]);
  });
});
