import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { retransmissions, tcpHealth, tcpSegments } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { ask, rowsOf } from "./ask.js";
import { ethernet, ip, type TcpOptions, tcp, writeCapture } from "./build.js";
import { corpus } from "./corpus.js";
import { generate, hasGenerator } from "./generated.js";

const folder = ownFolder();

const [client, server] = ["192.0.2.1", "198.51.100.2"];
type Said = [seconds: number, frame: Buffer];

/** IPv4 identifications differ, so that nothing is taken for a copy. */
let id = 0;
function say(seconds: number, from: "client" | "server", options: TcpOptions): Said {
  const [src, dst] = from === "client" ? [client, server] : [server, client];
  const ports: [number, number] = from === "client" ? [40000, 443] : [443, 40000];
  id += 1;
  return [seconds, ethernet(ip(src, dst, "tcp", tcp(...ports, options), { id }))];
}

async function open(name: string, frames: Said[]) {
  const path = join(folder, name);
  writeCapture(path, frames);
  return openCapture(path);
}

const sack = (...edges: number[]) => {
  const block = Buffer.alloc(4 * edges.length + 4);
  block.set([1, 1, 5, 2 + 4 * edges.length]);
  edges.forEach((edge, i) => {
    block.writeUInt32BE(edge >>> 0, 4 + 4 * i);
  });
  return [...block];
};

/** MSS 1460, SACK permitted, window scale 7. */
const scale7 = [2, 4, 5, 180, 4, 2, 1, 3, 3, 7, 0, 0];

describe("tcpSegments", () => {
  it("says of each packet what it is, where it lies, and what it allows", async () => {
    const capture = await open("kinds.pcap", [
      say(0, "client", { seq: 100, flags: "SYN", window: 64000, options: scale7 }),
      say(0.01, "server", { seq: 500, ack: 101, flags: "SYN ACK", window: 65000, options: scale7 }),
      say(0.02, "client", { seq: 101, ack: 501, flags: "ACK", window: 500 }),
      say(0.03, "client", { seq: 101, ack: 501, flags: "ACK", window: 500, payload: 1000 }),
      say(0.031, "client", { seq: 2101, ack: 501, flags: "ACK", window: 500, payload: 1000 }),
      say(0.04, "server", { seq: 501, ack: 1101, flags: "ACK", window: 400 }),
      say(0.05, "server", { seq: 501, ack: 1101, flags: "ACK", window: 400, options: sack(2101, 3101) }),
      say(0.3, "client", { seq: 1101, ack: 501, flags: "ACK", window: 500, payload: 1000 }),
      say(0.31, "server", { seq: 501, ack: 3101, flags: "ACK", window: 0 }),
      say(0.5, "client", { seq: 3100, ack: 501, flags: "ACK", window: 500 }),
      say(0.51, "server", { seq: 501, ack: 3101, flags: "FIN ACK", window: 400 }),
      say(0.52, "client", { seq: 3101, ack: 0, flags: "RST", window: 0 }),
    ]);
    const rows = await rowsOf(
      tcpSegments(capture),
      `SELECT sender, kind, tcp_seq, tcp_seq_end, tcp_ack, window_bytes, window_edge, sack_le, sack_re FROM this`,
    );
    expect(rows).toEqual([
      ["client", "syn", 0, 1, null, 64000, null, null, null],
      ["server", "syn", 0, 1, 1, 65000, 65001, null, null],
      ["client", "ack", 1, 1, 1, 64000, 64001, null, null],
      ["client", "data", 1, 1001, 1, 64000, 64001, null, null],
      ["client", "data", 2001, 3001, 1, 64000, 64001, null, null],
      ["server", "ack", 1, 1, 1001, 51200, 52201, null, null],
      ["server", "duplicate ack", 1, 1, 1001, 51200, 52201, "2001", "3001"],
      ["client", "rto", 1001, 2001, 1, 64000, 64001, null, null],
      ["server", "ack", 1, 1, 3001, 0, 3001, null, null],
      ["client", "keep-alive", 3000, 3000, 1, 64000, 64001, null, null],
      ["server", "fin", 1, 2, 3001, 51200, 54201, null, null],
      ["client", "rst", 3001, 3001, null, null, null, null, null],
    ]);
    expect(
      await rowsOf(
        tcpSegments(capture),
        "SELECT frame, retransmission, lost_segment, zero_window FROM this WHERE retransmission OR lost_segment OR zero_window",
      ),
    ).toEqual([
      [5, false, true, false],
      [8, true, false, false],
      [9, false, false, true],
    ]);
  });

  it("goes on counting beyond 4 GB, and below the first number", async () => {
    const step = 1_000_000_000;
    const at = (n: number) => (4_000_000_000 + n * step) % 2 ** 32;
    const data = Array.from({ length: 10 }, (_, n): Said[] => [
      say(1 + n, "client", { seq: at(n), ack: 501, flags: "ACK", payload: 1000 }),
      say(1.5 + n, "server", {
        seq: 501,
        ack: (at(n) + 1000) % 2 ** 32,
        flags: "ACK",
        options: sack(at(n) + 5000, at(n) + 6000),
      }),
    ]).flat();
    const early = say(0.9, "client", { seq: at(0) - 1, ack: 501, flags: "ACK" });
    const capture = await open("wraps.pcap", [
      say(0, "client", { seq: at(0), ack: 501, flags: "ACK", payload: 1 }),
      early,
      ...data,
    ]);
    const rows = await rowsOf(
      tcpSegments(capture),
      "SELECT sender, tcp_seq, tcp_ack, sack_le, sack_re FROM this",
    );
    const base = Number((rows[0] as number[])[1]);
    expect((rows[1] as number[])[1]).toBe(base - 1);
    rows.slice(2).forEach((row, i) => {
      const n = base + Math.floor(i / 2) * step;
      if (i % 2 === 0) expect(row).toEqual(["client", n, 1, null, null]);
      else expect(row).toEqual(["server", 1, n + 1000, String(n + 5000), String(n + 6000)]);
    });
  });

  it("knows no window without the handshake", async () => {
    const capture = await open("no-handshake.pcap", [
      say(0, "client", { seq: 101, ack: 501, flags: "ACK", window: 500, payload: 10 }),
      say(0.1, "server", { seq: 501, ack: 111, flags: "ACK", window: 500 }),
    ]);
    expect(await rowsOf(tcpSegments(capture), "SELECT window_bytes, window_edge FROM this")).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it.skipIf(corpus === undefined)("agrees with the analyses of a real capture", async () => {
    const capture = await openCapture(join(corpus as string, "zeek_retransmit-fast009.pcap"));
    const segments = tcpSegments(capture);
    expect(
      await rowsOf(segments, "SELECT frame, kind FROM this WHERE retransmission ORDER BY frame"),
    ).toEqual(await rowsOf(retransmissions(capture), "SELECT frame, kind FROM this ORDER BY frame"));
    expect(
      await rowsOf(segments, "SELECT sack_le, sack_re FROM this WHERE sack_le IS NOT NULL AND frame = 33"),
    ).toEqual([["21451,14301", "22881,18591"]]);
    expect(await ask(segments, "SELECT count(*), sum(payload_bytes) FROM this")).toEqual(
      await ask(tcpHealth(capture), "SELECT sum(packets), sum(payload_bytes) FROM this"),
    );
  });

  it.skipIf(!hasGenerator)("agrees with what is known of a generated capture", async () => {
    const { path, truth } = generate(folder, 12_000_000);
    const capture = await openCapture(path);
    const [fast, rto, spurious, rst, dsack, packets] = await ask(
      tcpSegments(capture),
      `SELECT count(*) FILTER (kind = 'fast'), count(*) FILTER (kind = 'rto'), count(*) FILTER (kind = 'spurious'),
         count(*) FILTER (kind = 'rst'), count(*) FILTER (dsack), count(*) FROM this`,
    );
    expect({ fast, rto, spurious, rst, dsack, packets }).toEqual({
      fast: truth.fast_retrans,
      rto: truth.rto_retrans,
      spurious: truth.spurious,
      rst: truth.rst,
      dsack: truth.dsack,
      packets: truth.tcp_pkts,
    });
  });
});
