import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaptureRule } from "../../lib/analyses/findings/index.js";
import { findings, fragmentedPackets } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { ethernet, icmp, ip, udp, writeCapture } from "./build.js";
import { dhcp, dnsTalk, later } from "./faults.js";
import { type Frames, Talk, together } from "./talk.js";

const folder = ownFolder();

let written = 0;
const open = (...frames: Frames[]) => {
  const path = join(folder, `${++written}.pcap`);
  writeCapture(path, together(...frames));
  return openCapture(path);
};
const found = async (frames: Frames[], ...only: CaptureRule[]) =>
  [...(await findings(await open(...frames), { only }))].map(({ id, certain }) => [id, certain]);

/** Everything comes again a millisecond later, which nothing proves to be a copy. */
const again = (frames: Frames): Frames =>
  together(
    frames,
    frames.map(([seconds, frame]) => [seconds + 0.001, frame]),
  );
const pings6: Frames = [1, 2, 3, 4, 5, 6].flatMap((number): Frames => {
  const [one, other] = ["2001:db8::1", "2001:db8::2"];
  const echo = (type: number) => icmp(type, 0, [7, number], Buffer.alloc(32, number));
  return [
    [number, ethernet(ip(one as string, other as string, "icmpv6", echo(128)))],
    [number + 0.01, ethernet(ip(other as string, one as string, "icmpv6", echo(129)))],
  ];
});
const pieces = (parts: number[], seconds = 0): Frames => {
  const whole = udp(5000, 5001, Buffer.alloc(3000, 1));
  return parts.map((part) => {
    const options = { id: 5, moreFragments: part < 2, fragmentOffset: part * 1480 };
    const piece = whole.subarray(part * 1480, (part + 1) * 1480);
    return [seconds + part / 1000, ethernet(ip("192.0.2.1", "198.51.100.1", "udp", piece, options))];
  });
};

describe("nothing is certain", () => {
  it("of pings and SYNs that may be there twice", async () => {
    expect(await found([again(pings6), later(20)], "PING_LOSS")).toEqual([["PING_LOSS", false]]);
    // All of one identification.
    const frames = new Talk()
      .open()
      .exchange(3)
      .close()
      .frames.map(([seconds, frame]): Frames[number] => {
        const packet = ip("192.0.2.1", "198.51.100.1", "tcp", frame.subarray(34), { id: 1 });
        const back = ip("198.51.100.1", "192.0.2.1", "tcp", frame.subarray(34), { id: 1 });
        return [seconds, ethernet(frame[26] === 192 ? packet : back)];
      });
    expect(await found([again(frames), later(20)], "TCP_SYN_REPEATED")).toEqual([
      ["TCP_SYN_REPEATED", false],
    ]);
  });

  it("of packets that two routers send to each other, which aren't copies", async () => {
    const body = udp(5000, 5001, Buffer.alloc(50));
    const loop = Array.from({ length: 40 }, (_, hop): Frames[number] => {
      const packet = ip("192.0.2.1", "198.51.100.1", "udp", body, { id: 5, ttl: 60 - hop });
      return [hop / 5000, ethernet(packet, hop % 2 === 0 ? { src: 1, dst: 2 } : { src: 2, dst: 1 })];
    });
    expect(await found([loop, later(20)], "CAPTURE_COPIES", "CAPTURE_POSSIBLE_COPIES")).toEqual([
      ["CAPTURE_POSSIBLE_COPIES", true],
    ]);
  });

  it("of pings to many, which few answer, and those from addresses of their own", async () => {
    const request = (number: number, dst: string): Frames => [
      [
        number,
        ethernet(
          ip("192.0.2.1", dst, "icmp", icmp(8, 0, [7, number], Buffer.alloc(32)), { id: number * 9 + 1 }),
        ),
      ],
    ];
    const pings = (dst: string) => [1, 2, 3, 4, 5, 6].flatMap((number) => request(number, dst));
    expect(await found([pings("224.0.0.1"), later(20)], "PING_LOSS")).toEqual([]);
    expect(await found([pings("192.0.2.9"), later(20)], "PING_LOSS")).toEqual([["PING_LOSS", false]]);
    const shown = dnsTalk(1, 1, "a.example", { after: 0.01 });
    expect(await found([pings("192.0.2.9"), shown, later(20)], "PING_LOSS")).toEqual([["PING_LOSS", true]]);
  });

  it("of a packet whose other fragments may lie outside the capture", async () => {
    const complete = async (...frames: Frames[]) =>
      (await (await fragmentedPackets(await open(...frames))).sql("SELECT complete FROM this")).values.flat();
    expect(await complete(pieces([1, 2]), later(20))).toEqual([null]);
    expect(await complete(later(0), pieces([0, 1], 20))).toEqual([null]);
    expect(await complete(later(0), pieces([0, 1], 20), later(40))).toEqual([false]);
    expect(await complete(later(0), pieces([1, 2], 20), later(40))).toEqual([false]);
  });
});

describe("a client that is refused its former address", () => {
  const discover = 1;
  const offer = 2;
  const request = 3;
  const ack = 5;
  const nak = 6;
  const refused = dhcp([
    [0, request],
    [0.01, nak],
  ]);

  it("has one where it gets another at once", async () => {
    const anew = dhcp(
      [
        [1, discover],
        [1.1, offer],
        [1.2, request],
        [1.3, ack],
      ],
      8,
    );
    expect(await found([refused, anew, later(20)], "DHCP_FAILED")).toEqual([]);
    expect(await found([refused, later(20)], "DHCP_FAILED")).toEqual([["DHCP_FAILED", true]]);
  });
});
