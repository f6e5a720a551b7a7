import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findings, tcpEndings, tcpGaps, tcpHandshakes, tcpHealth } from "../../lib/analyses/index.js";
import { type Capture, openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { rowsOf } from "./ask.js";
import { writeCapture } from "./build.js";
import { later } from "./faults.js";
import { type Frames, Talk, together } from "./talk.js";

const folder = ownFolder();

const open = async (name: string, frames: Frames) => {
  const path = join(folder, name);
  writeCapture(path, frames);
  return openCapture(path);
};
/** By connection: how it came about, and what was sent again, out of order or missing of both sides. */
const judged = async (capture: Capture) => {
  const handshakes = await rowsOf(
    tcpHandshakes(capture),
    "SELECT client_port, outcome, syns::INTEGER, syn_acks::INTEGER FROM this ORDER BY 1",
  );
  const health = await rowsOf(
    tcpHealth(capture),
    `SELECT sum(resent_bytes)::INTEGER, sum(retransmissions)::INTEGER, sum(out_of_order)::INTEGER, sum(duplicate_acks)::INTEGER,
      sum(unseen_acked)::INTEGER FROM this GROUP BY client_port ORDER BY client_port`,
  );
  const endings = await rowsOf(tcpEndings(capture), "SELECT ending FROM this ORDER BY client_port");
  const gaps = await rowsOf(tcpGaps(capture), "SELECT flow FROM this");
  return {
    connections: handshakes.map((row, at) => [...row, ...(health[at] ?? []), ...(endings[at] ?? [])]),
    gaps,
  };
};

/** A SYN with a cookie and 200 bytes of data. */
const fastOpen = (port: number) =>
  new Talk(port).segment("client", {
    seq: 100,
    flags: "SYN",
    options: [2, 4, 5, 180, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1],
    payload: 200,
  });

const openings: { [name: string]: { talk: () => Talk; syns: [number, number]; resent?: [number, number] } } =
  {
    "a split handshake": {
      talk: () =>
        new Talk(40_001)
          .segment("client", { seq: 100, flags: "SYN" })
          .segment("server", { seq: 500, flags: "SYN" }, 0.01)
          .segment("client", { seq: 100, ack: 501, flags: "SYN ACK" }, 0.0001)
          .ack("server"),
      syns: [1, 0],
    },
    "a simultaneous open": {
      talk: () =>
        new Talk(40_002)
          .segment("client", { seq: 100, flags: "SYN" })
          .segment("server", { seq: 500, flags: "SYN" }, 0.001)
          .segment("client", { seq: 100, ack: 501, flags: "SYN ACK" }, 0.001)
          .segment("server", { seq: 500, ack: 101, flags: "SYN ACK" }, 0.009),
      syns: [1, 1],
    },
    "data in the SYN that the server takes": {
      talk: () =>
        fastOpen(40_003)
          .skip("client", 200)
          .segment("server", { seq: 500, ack: 301, flags: "SYN ACK" }, 0.01)
          .data("server")
          .ack("client"),
      syns: [1, 1],
    },
    "data in the SYN that the server leaves": {
      talk: () =>
        fastOpen(40_004)
          .segment("server", { seq: 500, ack: 101, flags: "SYN ACK" }, 0.01)
          .data("client", 200)
          .ack("server"),
      syns: [1, 1],
      resent: [200, 1],
    },
    "a SYN ACK that comes again with another first number": {
      talk: () =>
        new Talk(40_005)
          .segment("client", { seq: 100, flags: "SYN" })
          .segment("server", { seq: 77_000, ack: 101, flags: "SYN ACK" }, 0.01)
          .segment("server", { seq: 500, ack: 101, flags: "SYN ACK" }, 0.5)
          .ack("client", 0.0001),
      syns: [1, 2],
    },
  };

describe("connections that come about otherwise", () => {
  it("are established, and nothing is missing or sent again but what is", async () => {
    const talks = Object.values(openings).map(({ talk }) => talk().exchange(5).close().frames);
    const capture = await open("openings.pcap", together(...talks, later(20)));
    const expected = Object.values(openings).map(({ syns, resent = [0, 0] }, at) => [
      ...[40_001 + at, "established", ...syns, ...resent, 0, 0, 0, "closed"],
    ]);
    expect(await judged(capture)).toEqual({ connections: expected, gaps: [] });
    const only = [
      "TCP_SETUP_FAILED",
      "TCP_SYN_REPEATED",
      "TCP_RESENT",
      "CAPTURE_MISSED_PACKETS",
      "CAPTURE_ONE_SIDED",
    ] as const;
    expect((await findings(capture, { only: [...only] })).ids).toEqual([]);
  });

  it("are read in the order of time, whatever their order in the file", async () => {
    const frames = new Talk().open().exchange(20).close().frames;
    // Of every four packets behind the handshake the last is written first.
    const turned = frames.map((frame, at) => {
      const place = (at - 3) % 4;
      return at < 3 ? frame : (frames[at - place + 3 - place] ?? frame);
    });
    const whole = [...new Set([...turned, ...frames])];
    expect(whole).not.toEqual(frames);
    const capture = await open("turned.pcap", [...whole, ...later(20)]);
    expect(capture.facts.inOrder).toBe(false);
    expect(await judged(capture)).toEqual({
      connections: [[40_000, "established", 1, 1, 0, 0, 0, 0, 0, "closed"]],
      gaps: [],
    });
  });
});
