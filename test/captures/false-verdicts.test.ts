import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaptureRule } from "../../lib/analyses/findings/index.js";
import {
  datagramSequences,
  dhcpExchanges,
  findings,
  pingSummary,
  pings,
  quality,
  tcpEndings,
  tcpHandshakes,
  tcpHealth,
} from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { rowsOf } from "./ask.js";
import { ethernet, icmp, ip, tcp, udp, vxlan, writeCapture } from "./build.js";
import { dhcpFrame, dnsTalk, later } from "./faults.js";
import { type Frames, Talk, together } from "./talk.js";

const folder = ownFolder();

let written = 0;
let identification = 0;
const open = (...frames: Frames[]) => {
  const path = join(folder, `${++written}.pcap`);
  writeCapture(path, together(...frames));
  return openCapture(path);
};
/** What is found of some rules, with its severity, and whether it is certain. */
const found = async (only: CaptureRule[], ...frames: Frames[]) =>
  [...(await findings(await open(...frames), { only }))].map(({ id, severity, certain }) => [
    ...[id, severity, certain],
  ]);

const client = "192.0.2.1";
const server = "198.51.100.1";
const inVlan =
  (id: number) =>
  ([seconds, frame]: Frames[number]): Frames[number] => [
    seconds,
    Buffer.concat([frame.subarray(0, 12), Buffer.from([0x81, 0, id >> 8, id & 255]), frame.subarray(12)]),
  ];

describe("a packet that ran out of hops", () => {
  const probe = (ttl: number, body: Buffer, transport: "udp" | "icmp" | "tcp" = "udp") =>
    ip(client, server, transport, body, { id: ++identification, ttl });
  const expired = (quoted: Buffer, from = "192.0.2.254") =>
    ethernet(ip(from, client, "icmp", icmp(11, 0, [0, 0], quoted.subarray(0, 28)), { id: ++identification }));
  const loop = (...frames: Frames[]) => found(["ICMP_LOOP"], ...frames);
  const datagram = udp(6000, 6001, Buffer.alloc(64));

  it("was meant to, where it was sent with few of them", async () => {
    const small = probe(3, datagram);
    const ping = probe(5, icmp(8, 0, [7, 1], Buffer.alloc(32)), "icmp");
    expect(
      await loop(
        [
          [0, ethernet(small)],
          [0.01, expired(small)],
          [1, ethernet(ping)],
          [1.01, expired(ping)],
        ],
        later(20),
      ),
    ).toEqual([]);
  });

  it("was meant to, where SYNs of one connection probe the path", async () => {
    const frames = [1, 2, 3, 4].flatMap((ttl): Frames => {
      const syn = probe(ttl, tcp(40_000, 80, { seq: 1, flags: "SYN" }), "tcp");
      return [
        [ttl, ethernet(syn)],
        [ttl + 0.02, expired(syn, `192.0.2.${100 + ttl}`)],
      ];
    });
    expect(await loop(frames, later(20))).toEqual([]);
  });

  it("went in a circle, where it had many left", async () => {
    const whole = probe(61, datagram);
    const frames: Frames = [
      [0, ethernet(whole)],
      [0.01, expired(whole)],
    ];
    expect(await loop(frames, later(20))).toEqual([["ICMP_LOOP", "HIGH", true]]);
  });

  it("says nothing sure, where it isn't in the capture", async () => {
    expect(await loop([[0.01, expired(probe(1, datagram))]], later(20))).toEqual([
      ["ICMP_LOOP", "INFO", true],
    ]);
  });
});

describe("packets that come again", () => {
  const body = udp(5000, 5001, Buffer.alloc(50));
  const rounds = (ttls: number[], seconds = 0): Frames =>
    ttls.map((ttl, at) => [seconds + at / 1000, ethernet(ip(client, server, "udp", body, { id: 5, ttl }))]);

  it("with a falling TTL go in a circle", async () => {
    expect(await found(["ROUTING_LOOP"], rounds([60, 58, 56, 54, 52]), later(20))).toContainEqual([
      ...["ROUTING_LOOP", "HIGH", true],
    ]);
  });

  it("with a rising TTL, or at long intervals, don't", async () => {
    expect(await found(["ROUTING_LOOP"], rounds([1, 2, 3, 4, 5, 6]), later(20))).toEqual([]);
    const slow = [60, 58, 56, 54].flatMap((ttl, at) => rounds([ttl], at * 10));
    expect(await found(["ROUTING_LOOP"], slow, later(60))).toEqual([]);
    // On both sides of a router.
    const routed = together(rounds([60]), [
      [0.0001, ethernet(ip(client, server, "udp", body, { id: 5, ttl: 59 }), { src: 3, dst: 4 })],
    ]);
    expect(await found(["ROUTING_LOOP"], routed, later(20))).toEqual([]);
  });
});

describe("a fragmented packet that goes in a circle", () => {
  const whole = udp(5000, 5001, Buffer.alloc(3000, 1));
  const piece = (part: number, ttl: number) =>
    ip(client, server, "udp", whole.subarray(part * 1480, (part + 1) * 1480), {
      ...{ id: 5, ttl, moreFragments: part < 2, fragmentOffset: part * 1480 },
    });
  const frames = [60, 58, 56, 54].flatMap(
    (ttl, at): Frames => [0, 1, 2].map((part) => [at / 100 + part / 10_000, ethernet(piece(part, ttl))]),
  );

  it("is one", async () => {
    expect(await found(["ROUTING_LOOP"], frames, later(20))).toEqual([["ROUTING_LOOP", "HIGH", true]]);
  });

  it("had many hops left when it ran out of them", async () => {
    const quoted = piece(0, 1).subarray(0, 28);
    const expired = ip("192.0.2.254", client, "icmp", icmp(11, 0, [0, 0], quoted), { id: ++identification });
    expect(await found(["ICMP_LOOP"], frames, [[0.06, ethernet(expired)]], later(20))).toEqual([
      ["ICMP_LOOP", "HIGH", true],
    ]);
  });
});

describe("DHCP with one transaction", () => {
  const [discover, offer, request, ack, nak] = [1, 2, 3, 5, 6];
  const granted = (mac: number, seconds: number) =>
    [discover, offer, request, ack].map((type, at): Frames[number] => [
      seconds + at / 10,
      dhcpFrame(type as number, { mac }),
    ]);
  const refused = (mac: number, seconds: number) =>
    [request, nak].map((type, at): Frames[number] => [seconds + at / 10, dhcpFrame(type as number, { mac })]);
  const exchanges = async (...frames: Frames[]) =>
    rowsOf(
      dhcpExchanges(await open(...frames)),
      "SELECT client_mac, vlan, outcome, repeats::INTEGER FROM this",
    );

  it("by two clients is two", async () => {
    expect(await exchanges(granted(1, 0), refused(2, 0.05), later(200))).toEqual([
      ["02:00:00:00:00:01", null, "granted", 0],
      ["02:00:00:00:00:02", null, "refused", 0],
    ]);
    expect(await found(["DHCP_FAILED"], granted(1, 0), refused(2, 0.05), later(200))).toEqual([
      ["DHCP_FAILED", "HIGH", true],
    ]);
  });

  it("in two networks is two", async () => {
    const frames = [granted(1, 0).map(inVlan(10)), refused(1, 0.05).map(inVlan(20)), later(200)];
    expect(await exchanges(...frames)).toEqual([
      ["02:00:00:00:00:01", "10", "granted", 0],
      ["02:00:00:00:00:01", "20", "refused", 0],
    ]);
    // What is granted in another network is no address in this one.
    expect(await found(["DHCP_FAILED"], ...frames)).toEqual([["DHCP_FAILED", "HIGH", true]]);
  });

  it("refused without a relay and granted through one is settled", async () => {
    const renewed = refused(1, 0);
    const anew = [discover, offer, request, ack].map((type, at): Frames[number] => [
      1 + at / 10,
      dhcpFrame(type as number, { mac: 1, transaction: 8, relay: "192.0.2.254" }),
    ]);
    expect(await found(["DHCP_FAILED"], renewed, anew, later(200))).toEqual([]);
    expect(await found(["DHCP_FAILED"], renewed, later(200))).toEqual([["DHCP_FAILED", "HIGH", true]]);
  });

  it("whose answers have another tag is one", async () => {
    const frames = granted(1, 0).map((frame, at) => inVlan(at % 2 === 0 ? 10 : 20)(frame));
    expect(await exchanges(frames, later(200))).toEqual([["02:00:00:00:00:01", "10", "granted", 0]]);
    expect(await found(["DHCP_FAILED"], frames, later(200))).toEqual([]);
  });
});

describe("an ack of an earlier connection on the same ports", () => {
  const talk = () => {
    const challenged = new Talk().segment("client", { seq: 100, flags: "SYN" });
    challenged
      .segment("server", { seq: 90_000, ack: 7000, flags: "ACK" }, 0.01)
      .segment("client", { seq: 7000, flags: "RST" }, 0.0001);
    challenged.seconds += 1;
    return challenged.open().exchange(10).close().frames;
  };

  it("misses nothing, loses nothing, ends nothing", async () => {
    const capture = await open(talk(), later(20));
    const missed = `SELECT "count"::INTEGER FROM this WHERE "check" = 'acks of data that is not there'`;
    expect(await rowsOf(quality(capture), missed)).toEqual([[0]]);
    expect(await rowsOf(tcpHealth(capture), "SELECT resent_bytes::INTEGER FROM this")).toEqual([[0], [0]]);
    expect(await rowsOf(tcpEndings(capture), 'SELECT ending, "by" FROM this')).toEqual([
      ["closed", "client"],
    ]);
    expect(await rowsOf(tcpHandshakes(capture), "SELECT outcome, syns::INTEGER FROM this")).toEqual([
      ["established", 2],
    ]);
    expect(
      await found(
        ["CAPTURE_MISSED_PACKETS", "TCP_RESENT", "TCP_RESET", "TCP_SETUP_FAILED"],
        talk(),
        later(20),
      ),
    ).toEqual([]);
  });

  it("is told from one of data that the capture misses", async () => {
    const missing = new Talk().segment("client", { seq: 100, flags: "SYN" }).skip("client", 500);
    missing.ack("server").exchange(5).close();
    expect(await found(["CAPTURE_MISSED_PACKETS"], missing.frames, later(20))).toEqual([
      ["CAPTURE_MISSED_PACKETS", "MEDIUM", true],
    ]);
  });
});

describe("pings to many", () => {
  const request = (number: number, dst: string, mac: number[]): Frames[number] => {
    const packet = ip(client, dst, "icmp", icmp(8, 0, [7, number], Buffer.alloc(32)), {
      id: ++identification,
    });
    return [number, Buffer.concat([Buffer.from(mac), ethernet(packet).subarray(6)])];
  };
  const many = (dst: string, mac: number[]) => [1, 2, 3, 4, 5, 6].map((number) => request(number, dst, mac));
  const broadcast = [255, 255, 255, 255, 255, 255];

  it.each([
    ["the subnet's broadcast address", "192.0.2.255", broadcast],
    ["a multicast address", "224.0.0.1", [1, 0, 94, 0, 0, 1]],
  ])("%s aren't lost", async (_, dst, mac) => {
    expect(await found(["PING_LOSS"], many(dst, mac), later(20))).toEqual([]);
    const capture = await open(many(dst, mac), later(20));
    expect(await rowsOf(pingSummary(capture), "SELECT lost::INTEGER, lost_percent FROM this")).toEqual([
      [0, null],
    ]);
    expect(await rowsOf(pings(capture), "SELECT DISTINCT answered FROM this")).toEqual([[null]]);
  });

  it("through a router aren't, where others answer", async () => {
    const unicast = [2, 0, 0, 0, 0, 2];
    const answers = [1, 2, 3, 4, 5, 6].map((number): Frames[number] => [
      number + 0.01,
      ethernet(
        ip("198.51.100.7", client, "icmp", icmp(0, 0, [7, number], Buffer.alloc(32)), {
          id: ++identification,
        }),
      ),
    ]);
    expect(await found(["PING_LOSS"], many("198.51.100.255", unicast), answers, later(20))).toEqual([]);
    const shown = dnsTalk(1, 1, "a.example", { after: 0.01 });
    expect(await found(["PING_LOSS"], many("198.51.100.9", unicast), shown, later(20))).toEqual([
      ["PING_LOSS", "CRITICAL", true],
    ]);
  });

  it("of one identifier are lost where the answers of others belong to requests of their own", async () => {
    const unicast = [2, 0, 0, 0, 0, 2];
    const answered = many(server, unicast).flatMap(([seconds, frame], at): Frames => {
      const reply = icmp(0, 0, [7, at + 1], Buffer.alloc(32));
      return [
        [seconds, frame],
        [seconds + 0.01, ethernet(ip(server, client, "icmp", reply, { id: ++identification }))],
      ];
    });
    const silent = many("198.51.100.9", unicast).map(([seconds, frame]): Frames[number] => [
      seconds + 0.001,
      frame,
    ]);
    expect(await found(["PING_LOSS"], answered, silent, later(20))).toEqual([
      ["PING_LOSS", "CRITICAL", true],
    ]);
  });
});

describe("numbered datagrams", () => {
  const numbered = (numbers: number[], spi = 0x1234, start = 0): Frames =>
    numbers.map((number, index) => {
      const body = Buffer.alloc(40, number & 255);
      body.writeUInt32BE(spi, 0);
      body.writeUInt32BE(number, 4);
      return [start + index / 10, ethernet(ip(client, server, "esp", body, { id: ++identification }))];
    });
  const upTo = (most: number, first = 1) => Array.from({ length: most }, (_, index) => index + first);
  const lossy = numbered([1, 2, 3, 5, 6, 7, 9, 10]);

  it("that are missing are in doubt where the capture misses others", async () => {
    const missed = new Talk().open().exchange(5).skip("server", 5000).ack("client").data("server");
    const all = await found(["DATAGRAMS_LOST"], missed.ack("client").close().frames, lossy, later(20));
    expect(all).toEqual([["DATAGRAMS_LOST", "INFO", false]]);
    expect(
      await found(["DATAGRAMS_LOST"], new Talk().open().exchange(5).close().frames, lossy, later(20)),
    ).toEqual([["DATAGRAMS_LOST", "HIGH", true]]);
  });

  it("of two tenants with one SPI, or over two networks, are whole", async () => {
    const tenants = together(
      numbered(upTo(50)).map(inVlan(10)),
      numbered(upTo(50, 5000), 0x1234, 0.05).map(inVlan(20)),
    );
    expect(await found(["DATAGRAMS_LOST", "DATAGRAMS_REORDERED"], tenants, later(20))).toEqual([]);
    const capture = await open(tenants);
    expect(
      await rowsOf(datagramSequences(capture), "SELECT packets::INTEGER, lost::INTEGER FROM this"),
    ).toEqual([
      [50, 0],
      [50, 0],
    ]);
    const split = numbered(upTo(50)).map((frame, at) => inVlan(at % 2 === 0 ? 10 : 20)(frame));
    expect(
      await rowsOf(datagramSequences(await open(split)), "SELECT packets::INTEGER, lost::INTEGER FROM this"),
    ).toEqual([[50, 0]]);
  });

  it("in a file that isn't in the order of time are in order", async () => {
    const frames = numbered(upTo(30));
    const turned = frames.map(
      (_, at) => frames[at % 2 === 0 && at < 28 ? at + 1 : at % 2 === 1 ? at - 1 : at],
    );
    const path = join(folder, "turned.pcap");
    writeCapture(path, [...(turned as Frames), ...later(20)]);
    const rows = await rowsOf(
      datagramSequences(await openCapture(path)),
      "SELECT lost::INTEGER, reordered::INTEGER FROM this",
    );
    expect(rows).toEqual([[0, 0]]);
  });
});

describe("what two tenants send alike is no copy", () => {
  const copies = async (...frames: Frames[]) =>
    rowsOf(
      quality(await open(...frames)),
      `SELECT "count"::INTEGER FROM this WHERE "check" IN ('copies', 'possible copies') ORDER BY 1`,
    );
  const pieces = (start = 0, ttl = 64): Frames => {
    const whole = udp(5000, 5001, Buffer.alloc(3000, 1));
    return [0, 1, 2].map((part) => {
      const options = { id: 5, ttl, moreFragments: part < 2, fragmentOffset: part * 1480 };
      const piece = whole.subarray(part * 1480, (part + 1) * 1480);
      return [start + part / 1000, ethernet(ip(client, server, "udp", piece, options))];
    });
  };
  const inVni =
    (vni: number) =>
    ([seconds, frame]: Frames[number]): Frames[number] => [
      seconds,
      ethernet(
        ip("203.0.113.1", "203.0.113.2", "udp", udp(50_000, 4789, vxlan(vni, frame)), {
          id: ++identification,
        }),
      ),
    ];

  it("fragments in two VLANs or VNIs", async () => {
    expect(await copies(pieces().map(inVlan(10)), pieces(0.0001).map(inVlan(20)), later(20))).toEqual([
      [0],
      [0],
    ]);
    expect(await copies(pieces().map(inVni(10)), pieces(0.0001).map(inVni(20)), later(20))).toEqual([
      [0],
      [0],
    ]);
  });

  it("but fragments that passed a router or a bridge are", async () => {
    const routed = pieces(0.0001, 63).map(([seconds, frame]): Frames[number] => [
      seconds,
      ethernet(frame.subarray(14), { src: 3, dst: 4 }),
    ]);
    expect(await copies(pieces().map(inVlan(10)), routed.map(inVlan(20)), later(20))).toEqual([[0], [3]]);
    expect(await copies(pieces(), pieces(0.0001).map(inVlan(20)), later(20))).toEqual([[0], [3]]);
  });
});
