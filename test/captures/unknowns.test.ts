import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dnsQueries, findings, flows, httpRequests, pingSummary, quality } from "../../lib/analyses/index.js";
import { type Capture, openCapture, packetsOf } from "../../lib/captures/index.js";
import type { Frame, Table, Value } from "../../lib/tables/index.js";
import { dns, ethernet, ip, tcp, udp, writeCapture } from "./build.js";
import { dnsTalk, later, pingTalk } from "./faults.js";
import { type Recorded, writePcapng } from "./pcapng.js";
import { type Frames, Talk, together } from "./talk.js";

let folder: string;
let written = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

const path = () => join(folder, `${++written}.pcap`);
const plain = (frames: Frames) => {
  const file = path();
  writeCapture(file, frames);
  return openCapture(file);
};
const blocks = (packets: Recorded[], interfaces?: Parameters<typeof writePcapng>[2]) => {
  const file = path();
  writePcapng(file, packets, interfaces);
  return openCapture(file);
};
const recorded = (frames: Frames, on = 0): Recorded[] =>
  frames.map(([seconds, frame]) => ({ seconds, frame, interface: on }));
const rows = async (answer: Promise<Table | Frame>, query: string) =>
  (await (await answer).sql(query)).values as Value[][];
const lost = async (capture: Capture) =>
  (
    await rows(quality(capture), `SELECT "count"::INTEGER FROM this WHERE "check" = 'lost while capturing'`)
  )[0]?.[0];
const inTime = (packets: Recorded[]) => packets.sort((a, b) => a.seconds - b.seconds);

describe("what a pcapng file says of drops", () => {
  const frames = new Talk().open().exchange(2).close().frames;

  it("is null where it says nothing, and 0 where it says 0", async () => {
    expect(await lost(await blocks(recorded(frames)))).toBe(null);
    expect(await lost(await blocks(recorded(frames), [{ dropped: 0 }]))).toBe(0);
  });

  it("is in its statistics by interface, or beside its packets", async () => {
    expect(await lost(await blocks(recorded(frames), [{ dropped: 3 }, { dropped: 4 }]))).toBe(7);
    const beside = recorded(frames).map((packet, at) => ({ ...packet, dropped: at % 4 === 0 ? 2 : 0 }));
    const capture = await blocks(beside);
    expect(await lost(capture)).toBe(2 * Math.ceil(frames.length / 4));
    expect([...(await findings(capture, { only: ["CAPTURE_LOST_PACKETS"] }))].length).toBe(1);
  });
});

it("a request without a response has none in the capture where the capturing program lost packets", async () => {
  const payload = Buffer.from("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  const talk = new Talk().open().segment("client", { seq: 101, ack: 501, flags: "PSH ACK", payload }, 0.001);
  const { frames } = talk.skip("client", payload.length).ack("server").close();
  const answered = async (dropped: number) =>
    rows(httpRequests(await blocks(recorded(frames), [{ dropped }])), "SELECT answered FROM this");
  expect(await answered(0)).toEqual([[false]]);
  expect(await answered(3)).toEqual([[null]]);
});

describe("conversations", () => {
  it("on two interfaces are two, unless one has packets of the other", async () => {
    const [one, other] = [new Talk().open().exchange(3), new Talk(40_000, 0.0005).open().exchange(3)];
    const tenants = inTime([...recorded(one.frames), ...recorded(other.frames, 1)]);
    const names = [{ name: "veth1" }, { name: "veth2" }];
    const ids = await rows(flows(await blocks(tenants, names)), "SELECT flow FROM this");
    expect(ids).toEqual([["tcp 0 interface 0"], ["tcp 0 interface 1"]]);
    const same = one.frames.map(([seconds, frame]): [number, Buffer] => [seconds + 0.000_02, frame]);
    const twice = await blocks(inTime([...recorded(one.frames), ...recorded(same, 1)]), names);
    expect(await rows(flows(twice), "SELECT flow, copies::INTEGER FROM this")).toEqual([
      ["tcp 0", one.frames.length],
    ]);
  });

  it("of which each of two interfaces carries a direction, or some of the packets, are one", async () => {
    const { frames } = new Talk().open().exchange(6).close();
    const fromServer = (frame: Buffer) => frame.readUInt16BE(34) === 80;
    const split = recorded(frames).map((packet) => ({
      ...packet,
      interface: fromServer(packet.frame) ? 1 : 0,
    }));
    const moved = recorded(frames).map((packet, at) => ({ ...packet, interface: at < 9 ? 0 : 1 }));
    for (const packets of [split, moved]) {
      const capture = await blocks(packets, [{ name: "bond1" }, { name: "bond2" }]);
      expect(await rows(flows(capture), "SELECT flow FROM this")).toEqual([["tcp 0"]]);
      expect(await (await packetsOf(capture, "tcp 0")).count()).toBe(frames.length);
    }
  });
});

describe("times", () => {
  it("that can't be are unknown, and decide nothing", async () => {
    const frames = together(pingTalk([0.01, 0.01, 0.01, 0.01, 0.01]), dnsTalk(4.2, 1, "a.example"));
    // The last packet but one says that it came years later.
    const absurd = frames.map(([seconds, frame], at): [number, Buffer] => [at === 7 ? 9e8 : seconds, frame]);
    const capture = await plain(absurd);
    expect([...(await findings(capture))].map(({ id }) => id)).toEqual(["CAPTURE_DISORDER", "CAPTURE_CLOCK"]);
    expect(await rows(dnsQueries(capture), "SELECT answered FROM this")).toEqual([[null]]);
  });

  it("across a clock that is set back are no durations", async () => {
    const frames = together(pingTalk([0.01, 0.01, 0.01]), later(20));
    const set = frames.map(([seconds, frame], at): [number, Buffer] => [
      at < 3 ? seconds + 10 : seconds + 5,
      frame,
    ]);
    const [row] = await rows(
      pingSummary(await plain(set)),
      "SELECT answered::INTEGER, lost::INTEGER, rtt_min_ns > 0 FROM this",
    );
    expect(row).toEqual([3, 0, true]);
  });
});

it("several DNS questions in one segment are several", async () => {
  const message = (id: number, name: string, answer?: { rcode: number }) => {
    const body = dns(id, name, answer);
    return Buffer.concat([Buffer.from([body.length >> 8, body.length & 255]), body]);
  };
  const segment = (
    from: string,
    to: string,
    ports: [number, number],
    seq: number,
    ack: number,
    payload: Buffer,
  ) =>
    ethernet(ip(from, to, "tcp", tcp(...ports, { seq, ack, flags: "PSH ACK", payload }), { id: ++written }));
  const asked = Buffer.concat([message(1, "a.example"), message(2, "b.example")]);
  const told = Buffer.concat([message(2, "b.example", { rcode: 3 }), message(1, "a.example", { rcode: 0 })]);
  const capture = await plain(
    together(
      [
        [0, segment("192.0.2.1", "198.51.100.1", [40_000, 53], 1, 1, asked)],
        [0.01, segment("198.51.100.1", "192.0.2.1", [53, 40_000], 1, 1 + asked.length, told)],
      ],
      later(20),
    ),
  );
  const found = await rows(
    dnsQueries(capture),
    "SELECT dns_id, name, rcode, answered FROM this ORDER BY dns_id",
  );
  expect(found).toEqual([
    [1, "a.example", "NOERROR", true],
    [2, "b.example", "NXDOMAIN", true],
  ]);
});

it("a datagram that the next one answers was received, whatever its checksum says", async () => {
  const question = Buffer.from(
    ethernet(ip("192.0.2.1", "198.51.100.1", "udp", udp(4000, 53, dns(1, "a.example")), { id: 7 })),
  );
  question.writeUInt16BE(0x1234, 40);
  const answer = ethernet(
    ip("198.51.100.1", "192.0.2.1", "udp", udp(53, 4000, dns(1, "a.example", { rcode: 0 })), { id: 8 }),
  );
  const capture = await plain(
    together(
      [
        [0, question],
        [0.01, answer],
      ],
      later(20),
    ),
  );
  expect([...(await findings(capture))].map(({ id }) => id)).toEqual(["CAPTURE_CHECKSUM_OFFLOAD"]);
});
