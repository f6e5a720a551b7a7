import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  datagramSequences,
  dhcpExchanges,
  dnsQueries,
  fragmentedPackets,
  hopLimits,
  pingSummary,
  pings,
  quality,
  retransmissionBursts,
  selectiveAcks,
  talkers,
  tcpGaps,
  tcpHandshakes,
  tcpHealth,
  tcpThroughput,
  tcpTurns,
  traceroutes,
  traffic,
} from "../../lib/analyses/index.js";
import { openCapture, packets } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { ask, rowsOf } from "./ask.js";
import { dns, ethernet, icmp, ip, tcp, udp, vxlan, writeCapture } from "./build.js";

const folder = ownFolder();

let written = 0;
function open(frames: [number, Buffer][], snapLength?: number) {
  const path = join(folder, `${++written}.pcap`);
  writeCapture(path, frames, snapLength);
  return openCapture(path);
}

const client = "2001:db8::1";
const server = "2001:db8::2";

describe("DNS", () => {
  it("pairs questions of IPv6 and in a tunnel with answers, repetitions and silence", async () => {
    const ask6 = (id: number, name: string, rcode?: number) =>
      rcode === undefined
        ? ip(client, server, "udp", udp(4000, 53, dns(id, name, { type: 28 })))
        : ip(server, client, "udp", udp(53, 4000, dns(id, name, { rcode, type: 28 })));
    const tunnel = (inner: Buffer) =>
      ip("192.0.2.1", "192.0.2.2", "udp", udp(30_000, 4789, vxlan(5, ethernet(inner))));
    const capture = await open([
      [0, ethernet(ask6(1, "a.example"))],
      [0.02, ethernet(ask6(1, "a.example", 0))],
      [1, ethernet(ask6(2, "b.example"))],
      [2, ethernet(ask6(2, "b.example"))],
      [2.5, ethernet(ask6(2, "b.example", 3))],
      // The id again: another question.
      [3, ethernet(ask6(1, "c.example"))],
      [
        4,
        ethernet(
          tunnel(ip("2001:db8:9::1", server, "udp", udp(4000, 53, dns(9, "d.example", { type: 28 })))),
        ),
      ],
      [20, ethernet(ask6(10, "late.example"))],
    ]);
    const rows = await rowsOf(
      dnsQueries(capture),
      "SELECT name, type, answered, rcode, queries, waited_ns, rtt_ns FROM this",
    );
    expect(rows).toEqual([
      ["a.example", "AAAA", true, "NOERROR", 1, 20_000_000, 20_000_000],
      ["b.example", "AAAA", true, "NXDOMAIN", 2, 1_500_000_000, null],
      ["c.example", "AAAA", false, null, 1, null, null],
      ["d.example", "AAAA", false, null, 1, null, null],
      ["late.example", "AAAA", null, null, 1, null, null],
    ]);
  });
});

describe("DHCP", () => {
  const message = (type: number, id: number) => {
    const body = Buffer.alloc(244);
    body[0] = type === 2 || type === 5 || type === 6 ? 2 : 1;
    body.set([1, 6, 0], 1);
    body.writeUInt32BE(id, 4);
    body.set([2, 0, 0, 0, 0, 9], 28);
    body.set([0x63, 0x82, 0x53, 0x63, 53, 1, type, 255], 236);
    return body;
  };
  const asked = (type: number, id: number) =>
    ethernet(ip("0.0.0.0", "255.255.255.255", "udp", udp(68, 67, message(type, id))), { src: 9 });
  const told = (type: number, id: number) =>
    ethernet(ip("192.0.2.1", "192.0.2.9", "udp", udp(67, 68, message(type, id)), { id: 1 + type }));

  it("tells what was granted, refused, and left open", async () => {
    const capture = await open([
      [0, asked(1, 7)],
      [1, asked(1, 7)],
      [1.1, told(2, 7)],
      [1.2, asked(3, 7)],
      [1.3, told(5, 7)],
      [5, asked(3, 8)],
      [5.1, told(6, 8)],
      [9, asked(1, 9)],
      [10, asked(8, 10)],
      [10.1, told(5, 10)],
      [11, asked(7, 11)],
    ]);
    const rows = await rowsOf(
      dhcpExchanges(capture),
      "SELECT messages, outcome, repeats, server, duration_ns, client_mac FROM this",
    );
    expect(rows).toEqual([
      ["discover discover offer request ack", "granted", 1, "192.0.2.1", 1_300_000_000, "02:00:00:00:00:09"],
      ["request nak", "refused", 0, "192.0.2.1", 100_000_000, "02:00:00:00:00:09"],
      ["discover", "open", 0, null, 0, "02:00:00:00:00:09"],
      ["inform ack", "told", 0, "192.0.2.1", 100_000_000, "02:00:00:00:00:09"],
      ["release", "released", 0, null, 0, "02:00:00:00:00:09"],
    ]);
  });
});

describe("DHCPv6", () => {
  const option = (code: number, body: Buffer) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(code, 0);
    head.writeUInt16BE(body.length, 2);
    return Buffer.concat([head, body]);
  };
  const message = (type: number, id: number, ...options: Buffer[]) =>
    Buffer.concat([Buffer.from([type, 0, 0, id]), ...options]);
  const status = (code: number) => option(13, Buffer.from([0, code]));
  const association = (...inside: Buffer[]) => option(3, Buffer.concat([Buffer.alloc(12), ...inside]));
  const address = (validSeconds: number) => {
    const body = Buffer.alloc(24);
    body.set([0x20, 1, 0xd, 0xb8], 0);
    body.writeUInt32BE(validSeconds, 20);
    return option(5, body);
  };
  const relayed = (type: number, inside: Buffer) =>
    Buffer.concat([Buffer.from([type, 0]), Buffer.alloc(32), option(9, inside)]);
  const asked = (body: Buffer) => ethernet(ip(client, server, "udp", udp(546, 547, body)));
  const told = (body: Buffer) => ethernet(ip(server, client, "udp", udp(547, 546, body)));
  const between = (body: Buffer) => ethernet(ip(client, server, "udp", udp(547, 547, body)));

  it("tells what a reply grants, and what a client asked for that is no address", async () => {
    const frames = [
      asked(message(1, 1)),
      told(message(2, 1, association(address(3600)))),
      asked(message(3, 1)),
      told(message(7, 1, status(0), association(address(3600)))),
      // No address to be had, said at once; and a lifetime of zero.
      asked(message(1, 2)),
      told(message(2, 2, association(status(2)))),
      asked(message(5, 3)),
      told(message(7, 3, association(address(0)))),
      // One of two associations is granted.
      asked(message(3, 4)),
      told(message(7, 4, association(status(2)), association(address(60)))),
      ...[8, 9, 11, 4].flatMap((type, index) => [
        asked(message(type, 5 + index)),
        told(message(7, 5 + index, status(0))),
      ]),
      asked(message(4, 9)),
      told(message(7, 9, status(4))),
      between(relayed(12, message(1, 10))),
      between(relayed(13, message(7, 10, association(address(60))))),
      asked(message(6, 11)),
    ];
    const capture = await open(frames.map((frame, index) => [index, frame]));
    const rows = await rowsOf(dhcpExchanges(capture), "SELECT messages, outcome, relayed FROM this");
    expect(rows).toEqual([
      ["solicit advertise request reply", "granted", false],
      ["solicit advertise", "refused", false],
      ["renew reply", "refused", false],
      ["request reply", "granted", false],
      ["release reply", "released", false],
      ["decline reply", "declined", false],
      ["information-request reply", "told", false],
      ["confirm reply", "confirmed", false],
      ["confirm reply", "refused", false],
      ["relay-forward relay-reply", "granted", true],
      ["rebind", "open", false],
    ]);
  });
});

describe("numbered datagrams", () => {
  it("counts loss, reordering, duplicates and new starts of ESP", async () => {
    const esp = (sequence: number, seconds: number): [number, Buffer] => {
      const body = Buffer.alloc(40, sequence & 255);
      body.writeUInt32BE(0x1234, 0);
      body.writeUInt32BE(sequence, 4);
      return [seconds, ethernet(ip(client, server, "esp", body))];
    };
    // 1 2 4 3 6 6 10: 5, 7, 8, 9 are lost, 3 is late, 6 is there twice; then it begins anew.
    const numbers = [1, 2, 4, 3, 6, 6, 10];
    const capture = await open([
      ...numbers.map((number, index) => esp(number, index)),
      ...[5_000_000, 5_000_001, 5_000_003].map((number, index) => esp(number, 10 + index)),
    ]);
    const row = await ask(
      datagramSequences(capture),
      "SELECT sequence_of, src, dst, packets, expected, lost, reordered, duplicates, longest_loss, restarts FROM this",
    );
    expect(row).toEqual(["esp", client, server, 10, 14, 5, 1, 1, 3, 1]);
  });

  it("counts RTP of a call that SIP set up, over the wrap of its numbers", async () => {
    const call = (from: string, port: number) =>
      [
        "v=0",
        `o=- 1 1 IN IP4 ${from}`,
        "s=-",
        `c=IN IP4 ${from}`,
        "t=0 0",
        `m=audio ${port} RTP/AVP 0`,
        "",
      ].join("\r\n");
    const sip = (first: string, body: string) =>
      Buffer.from(
        [
          first,
          "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
          "From: <sip:a@192.0.2.1>;tag=1",
          "To: <sip:b@192.0.2.2>;tag=2",
          "Call-ID: 1@192.0.2.1",
          "CSeq: 1 INVITE",
          "Content-Type: application/sdp",
          `Content-Length: ${body.length}`,
          "",
          body,
        ].join("\r\n"),
      );
    const rtp = (sequence: number, seconds: number): [number, Buffer] => {
      const body = Buffer.alloc(172);
      body.set([0x80, 0]);
      body.writeUInt16BE(sequence, 2);
      body.writeUInt32BE(seconds * 8000, 4);
      body.writeUInt32BE(0xcafe, 8);
      return [
        1 + seconds,
        ethernet(ip("192.0.2.1", "192.0.2.2", "udp", udp(5004, 6000, body), { id: 1 + (sequence % 1000) })),
      ];
    };
    const invite = sip("INVITE sip:b@192.0.2.2 SIP/2.0", call("192.0.2.1", 5004));
    const accept = sip("SIP/2.0 200 OK", call("192.0.2.2", 6000));
    const numbers = [65_533, 65_534, 0, 1, 4, 3];
    const capture = await open([
      [0, ethernet(ip("192.0.2.1", "192.0.2.2", "udp", udp(5060, 5060, invite), { id: 1 }))],
      [0.5, ethernet(ip("192.0.2.2", "192.0.2.1", "udp", udp(5060, 5060, accept), { id: 2 }))],
      ...numbers.map((number, index) => rtp(number, index)),
    ]);
    const row = await ask(
      datagramSequences(capture),
      "SELECT flow, sequence_of, sequence_id, packets, expected, lost, reordered, duplicates FROM this",
    );
    expect(row).toEqual(["udp 1", "rtp", "0x0000cafe", 6, 8, 2, 1, 0]);
  });
});

describe("ICMP", () => {
  const echo = (seconds: number, seq: number, reply = false): [number, Buffer] => {
    const [src, dst] = reply ? [server, client] : [client, server];
    return [
      seconds,
      ethernet(
        ip(src, dst, "icmpv6", icmp(reply ? 129 : 128, 0, [77, seq], Buffer.alloc(32, seq & 255)), {
          ttl: reply ? 60 : 64,
        }),
      ),
    ];
  };

  it("pairs pings of IPv6: round trips, jitter, loss, what is missing, twice and late", async () => {
    const capture = await open([
      echo(0, 65_534),
      echo(0.01, 65_534, true),
      echo(1, 65_535),
      echo(1.03, 65_535, true),
      echo(2, 0),
      echo(3, 1),
      echo(3.01, 1, true),
      echo(3.2, 0, true),
      echo(3.4, 1, true),
      // 2 and 3 are not in the capture.
      echo(6, 4),
      echo(6.5, 5),
    ]);
    const each = await rowsOf(
      pings(capture),
      "SELECT icmp_seq, answered, replies, rtt_ns, reply_ttl FROM this",
    );
    expect(each).toEqual([
      [65_534, true, 1, 10_000_000, 60],
      [65_535, true, 1, 30_000_000, 60],
      [0, true, 1, 1_200_000_000, 60],
      [1, true, 2, 10_000_000, 60],
      [4, null, 0, null, null],
      [5, null, 0, null, null],
    ]);
    const sum = await ask(
      pingSummary(capture),
      "SELECT requests, answered, lost, missing_requests, duplicate_replies, reordered_replies, rtt_median_ns, rtt_max_ns, jitter_ns FROM this",
    );
    expect(sum).toEqual([6, 4, 0, 2, 1, 1, 10_000_000, 1_200_000_000, 793_333_333]);
  });

  it("sees a traceroute by UDP and by echo, with its silent hop and its end", async () => {
    const target = "198.51.100.9";
    const source = "192.0.2.1";
    const routers = ["192.0.2.254", undefined, "203.0.113.7"];
    const frames: [number, Buffer][] = [];
    for (let hop = 1; hop <= 4; hop++) {
      const probe = ip(source, target, "udp", udp(44_000, 33_433 + hop, Buffer.alloc(32)), {
        ttl: hop,
        id: 100 + hop,
      });
      frames.push([hop, ethernet(probe)]);
      const router = hop === 4 ? target : routers[hop - 1];
      if (router === undefined) continue;
      const error = icmp(hop === 4 ? 3 : 11, hop === 4 ? 3 : 0, [0, 0], probe.subarray(0, 28));
      frames.push([hop + hop / 1000, ethernet(ip(router, source, "icmp", error, { id: 200 + hop }))]);
    }
    for (let hop = 1; hop <= 3; hop++) {
      const probe = ip(source, target, "icmp", icmp(8, 0, [3, hop], Buffer.alloc(32)), {
        ttl: hop,
        id: 300 + hop,
      });
      frames.push([10 + hop, ethernet(probe)]);
      const answer =
        hop === 3
          ? ip(target, source, "icmp", icmp(0, 0, [3, hop], Buffer.alloc(32)), { id: 400 })
          : ip(`203.0.113.${hop}`, source, "icmp", icmp(11, 0, [0, 0], probe.subarray(0, 28)), {
              id: 400 + hop,
            });
      frames.push([10 + hop + 0.005, ethernet(answer)]);
    }
    const rows = await rowsOf(
      traceroutes(await open(frames)),
      "SELECT transport, hop, probes, replies, router, reached, rtt_min_ns FROM this",
    );
    expect(rows).toEqual([
      ["udp", 1, 1, 1, "192.0.2.254", false, 1_000_000],
      ["udp", 2, 1, 0, null, false, null],
      ["udp", 3, 1, 1, "203.0.113.7", false, 3_000_000],
      ["udp", 4, 1, 1, target, true, 4_000_000],
      ["icmp", 1, 1, 1, "203.0.113.1", false, 5_000_000],
      ["icmp", 2, 1, 1, "203.0.113.2", false, 5_000_000],
      ["icmp", 3, 1, 1, target, true, 5_000_000],
    ]);
  });
});

describe("IP", () => {
  it("tells complete fragmented packets from incomplete ones, and copies of fragments", async () => {
    const whole = udp(1000, 2000, Buffer.alloc(40));
    const piece = (id: number, from: number, to: number, last = false) =>
      ethernet(
        ip("192.0.2.1", "192.0.2.2", "udp", whole.subarray(from, to), {
          id,
          fragmentOffset: from,
          moreFragments: !last,
        }),
      );
    const capture = await open([
      [0, piece(1, 0, 24)],
      [0.001, piece(1, 24, 48, true)],
      [1, piece(2, 0, 24)],
      [2, piece(3, 24, 48, true)],
      [2.001, piece(3, 24, 48, true)],
    ]);
    const rows = await rowsOf(
      fragmentedPackets(capture),
      `SELECT fragment_id, fragments, first, last, complete, transport FROM this`,
    );
    expect(rows).toEqual([
      [1, 2, true, true, true, "udp"],
      [2, 1, true, false, false, null],
      [3, 1, false, true, false, null],
    ]);
  });

  it("tells the last fragment of an IPv6 packet from the ones before it", async () => {
    const whole = udp(1000, 2000, Buffer.alloc(40));
    const piece = (from: number, to: number, last = false) => {
      const header = Buffer.alloc(8);
      header.writeUInt8(17, 0);
      header.writeUInt16BE(from | (last ? 0 : 1), 2);
      header.writeUInt32BE(7, 4);
      const packet = ip(
        "2001:db8::1",
        "2001:db8::2",
        "gre",
        Buffer.concat([header, whole.subarray(from, to)]),
      );
      packet.writeUInt8(44, 6); // the next header is a fragment header
      return ethernet(packet);
    };
    const capture = await open([
      [0, piece(0, 24)],
      [0.001, piece(24, 48, true)],
    ]);
    expect(await rowsOf(packets(capture), "SELECT fragment_offset_bytes, more_fragments FROM this")).toEqual([
      [0, true],
      [24, false],
    ]);
  });

  it("says where paths changed, who talks, and what is wrong with the capture", async () => {
    const packet = (src: string, dst: string, ttl: number, id: number) =>
      ethernet(ip(src, dst, "udp", udp(1000, 2000, Buffer.alloc(100)), { ttl, id }));
    const damaged = packet("192.0.2.1", "192.0.2.2", 60, 4);
    damaged.writeUInt8((damaged.at(-1) as number) ^ 0xff, damaged.length - 1);
    const capture = await open([
      [0, packet("192.0.2.1", "192.0.2.2", 60, 1)],
      [1, packet("192.0.2.1", "192.0.2.2", 60, 2)],
      [2, packet("192.0.2.1", "192.0.2.2", 57, 3)],
      [3, damaged],
      [2.5, packet("192.0.2.2", "192.0.2.1", 64, 9)],
      [5.5, packet("192.0.2.2", "192.0.2.1", 64, 10)],
    ]);
    const hops = await rowsOf(hopLimits(capture), `SELECT src, ttl, packets, hops, "values" FROM this`);
    expect(hops).toEqual([
      ["192.0.2.1", 57, 1, 7, 2],
      ["192.0.2.1", 60, 3, 4, 2],
      ["192.0.2.2", 64, 2, 0, 1],
    ]);
    const talking = await rowsOf(
      talkers(capture),
      "SELECT address, sent_packets, received_packets, bytes_percent, opened FROM this",
    );
    expect(talking).toEqual([
      ["192.0.2.1", 4, 2, 100, 1],
      ["192.0.2.2", 2, 4, 100, 1],
    ]);
    const wrong = await rowsOf(quality(capture), `SELECT "check", count, "of" FROM this WHERE count > 0`);
    expect(wrong).toEqual([
      ["earlier than the packet before", 1, 6],
      ["checksums bad otherwise", 1, 6],
    ]);
    const bins = await rowsOf(traffic(capture, { binMs: 1000 }), "SELECT packets, bits_per_second FROM this");
    expect(bins.map(([packets]) => packets)).toEqual([1, 1, 2, 1, 0, 1]);
    expect(bins[0]?.[1]).toBe(142 * 8);
    const cut = await open([[0, packet("192.0.2.1", "192.0.2.2", 60, 1)]], 60);
    const [snapped] = await rowsOf(
      quality(cut),
      `SELECT count, percent FROM this WHERE "check" = 'cut by the snap length'`,
    );
    expect(snapped).toEqual([1, 100]);
  });
});

describe("TCP", () => {
  const say = (
    seconds: number,
    fromClient: boolean,
    seq: number,
    ack: number,
    payload = 0,
    options: number[] = [],
    flags = payload > 0 ? "PSH ACK" : "ACK",
  ): [number, Buffer] => {
    const segment = fromClient
      ? tcp(4000, 80, { seq, ack, flags, payload, options })
      : tcp(80, 4000, { seq, ack, flags, payload, options });
    return [
      seconds,
      ethernet(fromClient ? ip(client, server, "tcp", segment) : ip(server, client, "tcp", segment)),
    ];
  };
  const mss = [2, 4, 5, 0x78, 4, 2, 1, 1, 1, 3, 3, 7];
  const opening: [number, Buffer][] = [
    say(0, true, 100, 0, 0, mss, "SYN"),
    say(1, true, 100, 0, 0, mss, "SYN"),
    say(1.03, false, 500, 101, 0, mss, "SYN ACK"),
    say(1.04, true, 101, 501),
  ];

  it("splits the handshake's time at the point of capture, and what its repetition took", async () => {
    const row = await ask(
      tcpHandshakes(await open(opening)),
      "SELECT outcome, syns, retry_ns, server_ns, client_ns, handshake_ns, server_mss_bytes, window_scaling, sack, timestamps FROM this",
    );
    expect(row).toEqual([
      "established",
      2,
      1_000_000_000,
      30_000_000,
      10_000_000,
      40_000_000,
      1400,
      true,
      true,
      false,
    ]);
  });

  it("tells whose turn it was, and how long each side thought", async () => {
    const capture = await open([
      ...opening,
      say(1.1, true, 101, 501, 50),
      say(1.11, false, 501, 151),
      say(3.1, false, 501, 151, 1000),
      say(3.2, false, 1501, 151, 1000),
      say(3.21, true, 151, 2501),
      say(9.2, true, 151, 2501, 10),
    ]);
    const turns = await rowsOf(
      tcpTurns(capture),
      "SELECT sender, packets, payload_bytes, wait_ns, duration_ns, longest_pause_ns FROM this",
    );
    expect(turns).toEqual([
      ["client", 1, 50, 60_000_000, 0, 0],
      ["server", 2, 2000, 2_000_000_000, 100_000_000, 100_000_000],
      ["client", 1, 10, 6_000_000_000, 0, 0],
    ]);
    const series = await rowsOf(
      tcpThroughput(capture, { binMs: 1000, ip: client }),
      "SELECT sender, payload_bytes, goodput_bits_per_second FROM this WHERE payload_bytes > 0",
    );
    expect(series).toEqual([
      ["client", 50, 400],
      ["server", 2000, 16_000],
      ["client", 10, 80],
    ]);
  });

  it("finds bursts, and what became of gaps", async () => {
    const burst: [number, Buffer][] = [];
    for (let number = 0; number < 12; number++)
      burst.push(say(2 + number / 1000, false, 501 + number * 100, 101, 100));
    for (let number = 0; number < 6; number++)
      burst.push(say(3 + number / 10, false, 501 + number * 100, 101, 100));
    // Far from the others.
    burst.push(say(8, false, 501 + 600, 101, 100));
    const bursts = await rowsOf(
      retransmissionBursts(await open([...opening, ...burst])),
      "SELECT sender, duration_ns, retransmissions, most, resent_bytes, rto FROM this",
    );
    expect(bursts).toEqual([["server", 500_000_000, 6, 6, 600, 6]]);

    const gaps = await open([
      ...opening,
      say(2, false, 501, 101, 100),
      say(2.001, false, 701, 101, 100),
      say(2.002, true, 101, 601, 0, [1, 1, 5, 10, 0, 0, 2, 189, 0, 0, 3, 33]),
      say(2.3, false, 601, 101, 100),
      say(2.31, true, 101, 801),
      // This one the capture missed: the client has it.
      say(3, false, 901, 101, 100),
      say(3.1, true, 101, 1001),
    ]);
    const explained = await rowsOf(tcpGaps(gaps), "SELECT missing_bytes, explanation, filled_ns FROM this");
    expect(explained).toEqual([
      [100, "resent", 299_000_000],
      [100, "missed by the capture", null],
    ]);
    const blocks = await rowsOf(
      selectiveAcks(gaps),
      "SELECT acker, blocks, sacked_bytes, missing_bytes, dsack FROM this",
    );
    expect(blocks).toEqual([["client", 1, 100, 100, false]]);
    const [unseen] = await ask(tcpHealth(gaps), "SELECT unseen_acked FROM this WHERE sender = 'client'");
    expect(unseen).toBe(1);
  });
});
