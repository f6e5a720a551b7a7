import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaptureRule } from "../../lib/analyses/findings/index.js";
import {
  findings,
  flows,
  quality,
  retransmissions,
  tcpEndings,
  tcpGaps,
  tcpHandshakes,
  tcpHealth,
} from "../../lib/analyses/index.js";
import { type Capture, openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { rowsOf } from "./ask.js";
import { ethernet, ip, tcp, writeCapture } from "./build.js";
import { type Change, changed, inGre, inGtp, inPppoe, labelled } from "./disguise.js";
import { later } from "./faults.js";
import { type Recorded, writePcapng } from "./pcapng.js";
import { type Frames, type Side, Talk, together } from "./talk.js";

const folder = ownFolder();

let written = 0;
const open = (...frames: Frames[]) => {
  const path = join(folder, `${++written}.pcap`);
  const last = Math.max(...frames.flat().map(([seconds]) => seconds));
  writeCapture(path, together(...frames, later(last + 20)));
  return openCapture(path);
};
/** What is found, and whether it is certain. */
const found = async (capture: Capture, ...only: CaptureRule[]) =>
  [...(await findings(capture, only.length === 0 ? {} : { only }))].map(({ id, certain }) => [id, certain]);

const clean = () => new Talk().open().exchange(40).close().frames;
const answered = () => new Talk(42_000).open().exchange(3).close().frames;
const sentBy = (side: Side, frame: Buffer) => (frame.readUInt16BE(34) === 80) === (side === "server");

describe("two directions whose clocks differ", () => {
  it.each<[Side, number]>([
    ["client", 0.02],
    ["server", 0.02],
    ["server", 0.3],
    ["client", 5],
    ["server", 5],
  ])("of a clean transfer, the %s's by %d s, show neither loss nor a slow path", async (side, seconds) => {
    const capture = await open(
      clean().map(([at, frame]) => [sentBy(side, frame) ? at + seconds : at, frame]),
    );
    const all = await found(capture);
    expect(all.filter(([, certain]) => certain)).toEqual([["CAPTURE_CLOCK", true]]);
    expect(await rowsOf(tcpHealth(capture), "SELECT resent_bytes::INTEGER FROM this")).toEqual([[0], [0]]);
    const ahead = `SELECT "count"::INTEGER FROM this WHERE "check" = 'TCP acknowledged before it was sent'`;
    expect(await rowsOf(quality(capture), ahead)).toEqual([[1]]);
  });

  it("are told from a handshake that is said again where the capture begins", async () => {
    const again = new Talk()
      .segment("server", { seq: 500, ack: 101, flags: "SYN ACK" }, 0.003)
      .segment("client", { seq: 100, flags: "SYN" }, 0.00005)
      .segment("server", { seq: 500, ack: 101, flags: "SYN ACK" }, 0.01);
    const capture = await open(again.exchange(20).close().frames);
    expect(await found(capture, "CAPTURE_CLOCK")).toEqual([]);
  });

  it("are told from data that the capture misses", async () => {
    const missing = new Talk().open().exchange(5).skip("server", 5000).ack("client").exchange(5).close();
    const capture = await open(missing.frames);
    expect(await found(capture)).toEqual([["CAPTURE_MISSED_PACKETS", true]]);
    expect(await rowsOf(tcpGaps(capture), "SELECT explanation FROM this")).toEqual([
      ["missed by the capture"],
    ]);
  });
});

it("data that comes a timer after its ack was missed by the capture, and sent again", async () => {
  const talk = new Talk().open().exchange(5);
  for (let count = 0; count < 3; count++) {
    const seq = talk.at("server");
    // The first one isn't in the capture, and its ack was lost behind it.
    talk.skip("server", 1000).ack("client").data("server", 1000, 0.3, seq).ack("client").exchange(3);
  }
  const capture = await open(talk.close().frames);
  expect((await found(capture)).filter(([id]) => id === "CAPTURE_CLOCK")).toEqual([]);
  const missed = "SELECT DISTINCT explanation, count(*) OVER ()::INTEGER FROM this";
  expect(await rowsOf(tcpGaps(capture), missed)).toEqual([["missed by the capture", 3]]);
  expect(await rowsOf(retransmissions(capture), "SELECT kind FROM this")).toEqual(
    Array(3).fill(["spurious"]),
  );
});

describe("a SYN that is tried again with another number", () => {
  const attempt = (seq: number, after: number, port = 40_000) =>
    new Talk(port, after).segment("client", { seq, flags: "SYN" }).frames;
  const evidence = async (capture: Capture) => {
    const finding = (await findings(capture, { only: ["TCP_SETUP_FAILED"] })).get("TCP_SETUP_FAILED");
    return [finding.severity, finding.verdict];
  };

  it("and answered then, is not said to have no answer", async () => {
    const answered = new Talk(40_000, 2).open().exchange(3).close().frames;
    const [severity, verdict] = await evidence(await open(attempt(9_000, 0), attempt(70_000, 1), answered));
    expect(severity).toBe("MEDIUM");
    expect(verdict).toMatch(/the next attempt from the same port, 2.00 s later, was answered$/);
  });

  it("and never answered, is: nor does another port's answer count, or one of much later", async () => {
    const others = new Talk(40_001, 1).open().exchange(3).close().frames;
    const late = new Talk(40_000, 200).open().exchange(3).close().frames;
    const [severity, verdict] = await evidence(await open(attempt(9_000, 0), others, late));
    expect(severity).toBe("HIGH");
    expect(verdict).toMatch(/nobody answered, 1 SYN in the capture$/);
  });
});

describe("the same packets on two interfaces", () => {
  it.each([0.25, -3])("whose clocks differ by %d s are copies", async (seconds) => {
    const path = join(folder, `${++written}.pcapng`);
    const packets = together(clean(), later(20)).flatMap(([at, frame]): Recorded[] => [
      { seconds: at, frame, interface: 0 },
      { seconds: at + seconds, frame, interface: 1 },
    ]);
    packets.sort((a, b) => a.seconds - b.seconds);
    writePcapng(path, packets, [{ name: "eth0" }, { name: "eth1" }]);
    expect(await found(await openCapture(path))).toEqual([["CAPTURE_COPIES", true]]);
  });
});

it.each<[string, Change, string]>([
  ["an MPLS label", labelled(100), "tcp 0"],
  ["a TEID of GTP", inGtp(7), "tcp 0"],
  ["a GRE key", inGre(7), "tcp 0"],
  ["a session of PPPoE", inPppoe(7), "tcp 0 0x0007"],
])("a connection in %s has the same id at one point of capture and at two", async (_, change, id) => {
  const frames = changed(new Talk().open().exchange(3).close().frames, change);
  for (const points of [1, 2]) {
    const path = join(folder, `${++written}.pcapng`);
    const packets = frames.flatMap(([seconds, frame]) =>
      [0, 1]
        .slice(0, points)
        .map((point): Recorded => ({ seconds: seconds + point * 1e-5, frame, interface: point })),
    );
    writePcapng(path, packets, [{ name: "eth0" }, { name: "eth1" }]);
    expect(await rowsOf(flows(await openCapture(path)), "SELECT flow FROM this")).toEqual([[id]]);
  }
});

describe("one timer", () => {
  it("sends several segments again, split otherwise", async () => {
    const talk = new Talk().open().data("client", 200).ack("server");
    for (let count = 0; count < 10; count++) talk.data("server").ack("client");
    const first = talk.at("server");
    for (let count = 0; count < 4; count++) talk.data("server");
    talk.data("server", 1400, 0.4, first).data("server", 1400, 0.0001, first + 1400);
    talk.data("server", 1200, 0.0001, first + 2800).ack("client");
    const capture = await open(talk.close().frames);
    const counts = `SELECT resent_bytes::INTEGER, rto_retransmissions::INTEGER, recovery_retransmissions::INTEGER
      FROM this WHERE sender = 'server'`;
    expect(await rowsOf(tcpHealth(capture), counts)).toEqual([[4000, 1, 2]]);
    expect(await found(capture, "TCP_TIMEOUTS", "TCP_RESENT")).toEqual([["TCP_RESENT", true]]);
  });
});

describe("who is the server", () => {
  /** What the client's user takes 8 s for, from within the connection. */
  const thinking = (server: number): Frames => {
    const talk = new Talk(34_000).open();
    for (let count = 0; count < 4; count++)
      talk.data("client", 100, 8).ack("server").data("server", 500, 0.01).ack("client");
    return talk.frames.slice(4).map(([seconds, frame]) => {
      const bytes = Buffer.from(frame);
      for (const at of [34, 36]) if (bytes.readUInt16BE(at) === 80) bytes.writeUInt16BE(server, at);
      return [seconds, bytes];
    });
  };

  it("is in doubt where no SYN tells and both ports may be a client's", async () => {
    expect(await found(await open(thinking(50_051)), "TCP_SLOW_SERVER")).toEqual([
      ["TCP_SLOW_SERVER", false],
    ]);
    expect(await found(await open(thinking(8080)), "TCP_SLOW_SERVER")).toEqual([]);
  });
});

describe("ports that are used again", () => {
  it("with the same first numbers after a RST are another connection", async () => {
    const first = new Talk().open().exchange(5);
    first.segment("client", { seq: first.at("client"), ack: first.at("server"), flags: "RST ACK" }, 0.01);
    const second = new Talk(40_000, first.seconds + 60).open().exchange(5).close();
    const capture = await open(first.frames, second.frames);
    expect(await found(capture)).toEqual([]);
    expect(await rowsOf(tcpHealth(capture), "SELECT resent_bytes::INTEGER FROM this")).toEqual([[0], [0]]);
    expect(await rowsOf(tcpHandshakes(capture), "SELECT outcome, syns::INTEGER FROM this")).toEqual([
      ["established", 1],
    ]);
    expect(await rowsOf(tcpEndings(capture), "SELECT ending FROM this")).toEqual([["closed"]]);
  });
});

describe("a connection that never came about", () => {
  it("is slowed down by no option, and fails nobody who didn't want it", async () => {
    const scan = new Talk(41_000)
      .segment("client", { seq: 100, flags: "SYN" })
      .segment("server", { seq: 500, ack: 101, flags: "SYN ACK" }, 0.01)
      .segment("client", { seq: 101, flags: "RST" }, 0.0001);
    const only = ["TCP_SETUP_FAILED", "TCP_OPTIONS_OFF", "TCP_RESET"] as const;
    expect(await found(await open(scan.frames), ...only)).toEqual([["TCP_RESET", true]]);
    const flooded = await open(scan.frames.slice(0, 2), clean());
    expect(await found(flooded, ...only)).toEqual([["TCP_SETUP_FAILED", true]]);
  });

  it("is in doubt where its SYNs trace the path", async () => {
    const traced = (hops: number[]) =>
      hops.map((ttl, at): Frames[number] => {
        const syn = tcp(40_000 + at, 80, { seq: 100, flags: "SYN" });
        return [at, ethernet(ip("192.0.2.1", "198.51.100.1", "tcp", syn, { id: at + 1, ttl }))];
      });
    expect(await found(await open(traced([1, 2, 3, 4])), "TCP_SETUP_FAILED")).toEqual([
      ["TCP_SETUP_FAILED", false],
    ]);
    expect(await found(await open(traced([64, 64, 64]), answered()), "TCP_SETUP_FAILED")).toEqual([
      ["TCP_SETUP_FAILED", true],
    ]);
  });
});
