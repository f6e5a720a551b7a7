import { join } from "node:path";
import { expect, test } from "vitest";
import { tcpThroughput } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { rowsOf } from "./ask.js";
import { writeCapture } from "./build.js";
import { type Frames, Talk, together } from "./talk.js";

const folder = ownFolder();
const open = (name: string, frames: Frames, snapLength?: number) => {
  const path = join(folder, `${name}.pcap`);
  writeCapture(path, frames, snapLength);
  return openCapture(path);
};

test("the window beside what a side sent is the other side's, in the same bin of the same connection", async () => {
  const one = new Talk(40_000).open(false).data("client", 100).ack("server", 0.001, { window: 5_000 });
  one.data("server", 100, 1).ack("client", 0.001, { window: 7_000 });
  // Only the client speaks.
  one.data("client", 100, 5);
  const two = new Talk(40_001, 0.002, { client: "192.0.2.2", server: "198.51.100.2" }).open(false);
  two.data("client", 100).ack("server", 0.001, { window: 300 });
  const capture = await open("windows", together(one.frames, two.frames));
  const of = (client: string) =>
    rowsOf(
      tcpThroughput(capture, { ip: client }),
      "SELECT sender, min_window_bytes FROM this ORDER BY time_ns, sender",
    );
  expect(await of("192.0.2.1")).toEqual([
    ["client", 5_000],
    ["server", 60_000],
    ["client", 60_000],
    ["server", 7_000],
    ["client", null],
  ]);
  expect(await of("192.0.2.2")).toEqual([
    ["client", 300],
    ["server", 60_000],
  ]);
  const all = await rowsOf(tcpThroughput(capture), "SELECT count(*), sum(min_window_bytes) FROM this");
  expect(all).toEqual([[7, 5_000 + 60_000 + 60_000 + 7_000 + 300 + 60_000]]);
});

test("bins may be as many as a year has microseconds", async () => {
  const talk = new Talk().open().data("client", 100).ack("server").data("client", 200, 4_000).ack("server");
  const capture = await open("long", talk.frames);
  const asked = "SELECT max(time_ns) - min(time_ns) > 4_000_000_000_000, sum(payload_bytes) FROM this";
  expect(await rowsOf(tcpThroughput(capture, { binMs: 0.001 }), asked)).toEqual([[true, 300]]);
});

test("payload is unknown where TCP's header is cut off", async () => {
  const talk = new Talk().open().data("client", 100).ack("server").data("server", 100).ack("client");
  const asked = "SELECT DISTINCT payload_bytes, goodput_bits_per_second, wire_bytes > 0 FROM this";
  expect(await rowsOf(tcpThroughput(await open("cut", talk.frames, 42)), asked)).toEqual([
    [null, null, true],
  ]);
});
