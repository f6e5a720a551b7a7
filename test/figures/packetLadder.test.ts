import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCapture, packetsOf } from "../../lib/captures/index.js";
import { type Figure, type PacketLadderOptions, packetLadder } from "../../lib/figures/index.js";
import type { Table } from "../../lib/tables/index.js";
import { ethernet, icmp, ip, type TcpOptions, tcp, udp, writeCapture } from "../captures/build.js";
import { corpus } from "../captures/corpus.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

const [client, server, router] = ["192.0.2.1", "198.51.100.2", "203.0.113.9"];

interface Sent extends TcpOptions {
  from: "client" | "server";
  /** Seconds, on the clock of the client. */
  at: number;
  lost?: true;
  /** Seconds until it is at the other end; else what the path takes. */
  takes?: number;
}

const path = { client: 0.004, server: 0.006 };

function frameOf({ from, ...options }: Sent, id: number, hops: number): Buffer {
  const [src, dst] = from === "client" ? [client, server] : [server, client];
  const ports: [number, number] = from === "client" ? [40000, 443] : [443, 40000];
  return ethernet(ip(src, dst, "tcp", tcp(...ports, options), { id, ttl: 64 - hops }));
}

/** The same packets as two captures have them: beside the client, and beside the server, whose clock is some seconds ahead. */
async function capturesOf(
  name: string,
  sent: Sent[],
  ahead = 0,
): Promise<{ atClient: Table; atServer: Table }> {
  const there: { client: [number, Buffer][]; server: [number, Buffer][] } = { client: [], server: [] };
  sent.forEach((packet, i) => {
    const { from, at, lost, takes = path[from] } = packet;
    const to = from === "client" ? "server" : "client";
    const clock = (end: string, time: number) => time + (end === "server" ? ahead : 0);
    there[from].push([clock(from, at), frameOf(packet, i + 1, 0)]);
    if (!lost) there[to].push([clock(to, at + takes), frameOf(packet, i + 1, 3)]);
  });
  const tables = await Promise.all(
    (["client", "server"] as const).map(async (end) => {
      const file = join(folder, `${name}-${end}.pcap`);
      writeCapture(
        file,
        there[end].sort(([a], [b]) => a - b),
      );
      return packetsOf(await openCapture(file), "tcp 0");
    }),
  );
  return { atClient: tables[0] as Table, atServer: tables[1] as Table };
}

const conversation: Sent[] = [
  { from: "client", at: 0, seq: 100, flags: "SYN" },
  { from: "server", at: 0.0041, seq: 500, ack: 101, flags: "SYN ACK" },
  { from: "client", at: 0.0102, seq: 101, ack: 501, flags: "ACK" },
  { from: "client", at: 0.0103, seq: 101, ack: 501, flags: "PSH ACK", payload: 200 },
  { from: "server", at: 0.02, seq: 501, ack: 301, flags: "ACK", payload: 1000 },
  { from: "server", at: 0.0201, seq: 1501, ack: 301, flags: "ACK", payload: 1000, lost: true },
  { from: "server", at: 0.0202, seq: 2501, ack: 301, flags: "ACK", payload: 1000 },
  { from: "client", at: 0.0263, seq: 301, ack: 1501, flags: "ACK" },
  { from: "client", at: 0.0264, seq: 301, ack: 1501, flags: "ACK" },
  { from: "server", at: 0.24, seq: 1501, ack: 301, flags: "ACK", payload: 1000 },
  { from: "client", at: 0.25, seq: 301, ack: 3501, flags: "ACK", lost: true },
  { from: "server", at: 0.3, seq: 3501, ack: 301, flags: "FIN ACK" },
  { from: "client", at: 0.31, seq: 301, ack: 3502, flags: "ACK" },
];

it("preview", async () => {
  const { atClient, atServer } = await capturesOf("try", conversation, 5.5);
  const f = await packetLadder(atClient, { other: atServer });
  await writeFile("/tmp/fig/lad-two.svg", await f.svg());
  console.log(f.toString());
  const h = await packetLadder(atServer, {
    other: atClient,
    clockOffsetNs: 5_500_000_000n,
    clockErrorNs: 100_000,
  });
  await writeFile("/tmp/fig/lad-two-known.svg", await h.svg());
  console.log(h.toString());
});
