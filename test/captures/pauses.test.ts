import { join } from "node:path";
import { expect, test } from "vitest";
import { tcpTurns } from "../../lib/analyses/index.js";
import { pathTrips } from "../../lib/analyses/tcp/rules/path.js";
import { openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { rowsOf } from "./ask.js";
import { writeCapture } from "./build.js";
import { type Frames, Talk } from "./talk.js";

const folder = ownFolder();
const open = (name: string, frames: Frames) => {
  const path = join(folder, `${name}.pcap`);
  writeCapture(path, frames);
  return openCapture(path);
};

test("the longest pause of a turn is one between what was chosen", async () => {
  const talk = new Talk().open().data("client", 200).ack("server");
  talk.data("server").ack("client").data("server", 1000, 2).ack("client").data("server", 1000, 0.5);
  talk.ack("client").data("client", 100);
  const capture = await open("pauses", talk.frames);
  const asked = "SELECT turn, sender, round(longest_pause_ns / 1e6) FROM this";
  expect(await rowsOf(tcpTurns(capture), asked)).toEqual([
    [1, "client", 0],
    [2, "server", 2010],
    [3, "client", 0],
  ]);
  expect(await rowsOf(tcpTurns(capture, { from: 1, to: 2.2 }), asked)).toEqual([[2, "server", 0]]);
  expect(await rowsOf(tcpTurns(capture, { from: 1 }), asked)).toEqual([
    [2, "server", 510],
    [3, "client", 0],
  ]);
});

test("the first packet that a display filter shows has no pause before it", async () => {
  const talk = new Talk().open().data("client", 200).ack("server").data("server", 10);
  talk.data("server", 500, 5).data("server", 500, 1).ack("client");
  const early = new Talk(41_000, -1, { client: "192.0.2.9", server: "198.51.100.9" }).open();
  early.data("client", 500).ack("server").data("server", 500, 8).ack("client");
  const frames = [...early.frames, ...talk.frames].sort(([a], [b]) => a - b);
  const capture = await open(
    "filter",
    frames.map(([seconds, frame]): Frames[number] => [seconds + 10, frame]),
  );
  const ip = "192.0.2.1";
  const asked = "SELECT round(longest_pause_ns / 1e6), packets FROM this WHERE sender = 'server'";
  expect(await rowsOf(tcpTurns(capture, { ip }), asked)).toEqual([[5000, 3]]);
  expect(await rowsOf(tcpTurns(capture, { ip, filter: "tcp.len > 400" }), asked)).toEqual([[1000, 2]]);
});

test("what is sent again ends no pause", async () => {
  const talk = new Talk().open().data("client", 200).ack("server").data("server").ack("client");
  const first = talk.at("server") - 1000;
  talk.data("server", 1000, 1, first).data("server", 1000, 1).ack("client");
  const asked = "SELECT round(longest_pause_ns / 1e6), packets FROM this WHERE turn = 2";
  expect(await rowsOf(tcpTurns(await open("again", talk.frames)), asked)).toEqual([[2010, 2]]);
});

test("acks that a receiver may hold back are left out of the round trips of a path", async () => {
  const talk = new Talk().open();
  for (let round = 0; round < 5; round++) {
    talk.data("client", 1460).data("client", 1460).ack("server", 0.06);
    talk.data("client", 1460, 0.01).ack("server", 0.25);
    talk.data("client", 1459, 0.01).data("client", 1460).ack("server", 0.09);
  }
  const capture = await open("held-back", talk.frames);
  const trips = pathTrips({ capture, filter: {} }, { meanMs: 1, least: 1 });
  const asked =
    "SELECT sender, rtt_samples, round(rtt_median_ns / 1e6), round(undelayed_median_ns / 1e6) FROM this";
  // Two full segments have to wait: of one byte less, or of one, an ack may come late.
  expect(await rowsOf(trips, asked)).toEqual([
    ["client", 16, 90, 60],
    ["server", 1, 0, null],
  ]);
});
