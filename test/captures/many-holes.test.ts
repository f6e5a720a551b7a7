import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { retransmissions, tcpGaps, zeroWindows } from "../../lib/analyses/index.js";
import { type Capture, openCapture } from "../../lib/captures/index.js";
import { ask } from "./ask.js";
import { writeCapture } from "./build.js";
import { Talk } from "./talk.js";

/** What takes the square of the work for twice as many would not come to an end here. */
const rounds = 30_000;
const bytes = 100;

/** Blocks of a selective ack that begins with a D-SACK (RFC 2883), padded. */
const twice = (from: number, to: number) => {
  const blocks = Buffer.alloc(12);
  blocks.set([1, 1, 5, 10]);
  blocks.writeUInt32BE(from, 4);
  blocks.writeUInt32BE(to, 8);
  return [...blocks];
};

let folder: string;
let capture: Capture;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
  const talk = new Talk().open();
  for (let round = 0; round < rounds; round++) {
    const hole = talk.at("server");
    // One segment is lost and sent again by a timer; the one behind it is sent again, too, though it had arrived.
    talk.skip("server", bytes).data("server", bytes).ack("client", 0.001, { ack: hole });
    talk.data("server", bytes, 0.3, hole).ack("client", 0.001);
    talk.data("server", bytes, 0.0001, hole + bytes);
    talk.ack("client", 0.001, { options: twice(hole + bytes, hole + 2 * bytes) });
    // Then the client takes nothing for a while, and is asked whether it does.
    talk.ack("client", 0.001, { window: 0 });
    talk.segment("server", { seq: talk.at("server") - 1, ack: talk.at("client"), flags: "ACK" }, 0.2);
    talk.ack("client", 0.001, { window: 0 }).ack("client", 0.05);
  }
  const path = join(folder, "holes.pcap");
  writeCapture(path, talk.frames);
  capture = await openCapture(path);
});
afterAll(() => rmSync(folder, { recursive: true }));

it("finds every hole of a connection that is full of them", async () => {
  const gaps = "SELECT explanation, missing_bytes, count(*) FROM this GROUP BY ALL";
  expect(await ask(tcpGaps(capture), gaps)).toEqual(["resent", bytes, rounds]);
});

it("finds every retransmission that was needless", async () => {
  const kinds = "SELECT count(*) FILTER (needless), count(*) FILTER (NOT needless) FROM this";
  expect(await ask(retransmissions(capture), kinds)).toEqual([rounds, rounds]);
});

it("finds every time in which a receiver took nothing", async () => {
  const stalls = "SELECT count(*), sum(probes), sum(zero_windows), bool_and(recovered) FROM this";
  expect(await ask(zeroWindows(capture), stalls)).toEqual([rounds, rounds, 2 * rounds, true]);
});
