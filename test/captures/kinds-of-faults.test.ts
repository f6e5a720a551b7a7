import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaptureRule } from "../../lib/analyses/findings/index.js";
import {
  datagramSequences,
  dhcpExchanges,
  dnsQueries,
  findings,
  flows,
  fragmentedPackets,
  icmpErrors,
  overview,
  pingSummary,
  tcpEndings,
  tcpHandshakes,
  tcpHealth,
  tcpTurns,
  tcpWaits,
} from "../../lib/analyses/index.js";
import { type Capture, openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { ask, rowsOf } from "./ask.js";
import { dns, ethernet, icmp, ip, tcp, udp, writeCapture } from "./build.js";
import { tagged } from "./disguise.js";
import { dhcpFrame, later } from "./faults.js";
import { writePcapng } from "./pcapng.js";
import { type Frames, Talk, together } from "./talk.js";

const folder = ownFolder();

const client = "192.0.2.1";
const server = "198.51.100.1";
let identification = 0;
const packet = (src: string, dst: string, transport: "udp" | "icmp" | "tcp", body: Buffer, ttl = 64) =>
  ethernet(ip(src, dst, transport, body, { id: ++identification, ttl }));
let written = 0;
const open = (...frames: Frames[]) => {
  const path = join(folder, `${++written}.pcap`);
  writeCapture(path, together(...frames));
  return openCapture(path);
};
/** What is found, with its severity; a mark behind what isn't certain. */
const found = async (capture: Capture, only?: CaptureRule[]) =>
  [...(await findings(capture, only === undefined ? {} : { only }))].map(
    ({ id, severity, certain }) => `${severity} ${id}${certain ? "" : "?"}`,
  );
const upTo = (count: number) => [...Array(count).keys()];

describe("what has the port of DNS", () => {
  it("isn't DNS where its queries have no names", async () => {
    const message = (counter: number, byte: number) => {
      const bytes = Buffer.alloc(64, byte);
      bytes.set([4, 0, 0, 0, 9, 0, 0, 0, counter]);
      return bytes;
    };
    const tunnel = upTo(6).flatMap(
      (counter): Frames => [
        [counter, packet(client, server, "udp", udp(4000, 53, message(counter, 0xc7)))],
        [counter + 0.01, packet(server, client, "udp", udp(53, 4000, message(counter, 0xd3)))],
      ],
    );
    const capture = await open(tunnel, later(30));
    expect(await found(capture)).toEqual([]);
    expect(await rowsOf(dnsQueries(capture), "FROM this")).toEqual([]);
  });

  it("is DNS where an answer repeats no question", async () => {
    const refusal = dns(1, "a.example", { rcode: 1 }).subarray(0, 12);
    refusal.writeUInt16BE(0, 4);
    const capture = await open(
      [
        [0, packet(client, server, "udp", udp(4000, 53, dns(1, "a.example")))],
        [0.01, packet(server, client, "udp", udp(53, 4000, Buffer.from(refusal)))],
      ],
      later(30),
    );
    expect(await ask(dnsQueries(capture), "SELECT name, answered, rcode FROM this")).toEqual([
      ...["a.example", true, "FORMERR"],
    ]);
  });
});

describe("answers from another address", () => {
  const asked = (seconds: number): Frames[number] => [
    seconds,
    packet(client, server, "udp", udp(4000, 53, dns(7, "a.example"))),
  ];
  const answered = (seconds: number): Frames[number] => [
    seconds,
    packet("198.51.100.99", client, "udp", udp(53, 4000, dns(7, "a.example", { rcode: 0 }))),
  ];

  it("are no answers of DNS, nor a capture of one direction", async () => {
    const capture = await open([asked(0), answered(0.02), asked(5), answered(5.02)], later(30));
    expect(await found(capture)).toEqual(["HIGH DNS_UNANSWERED"]);
    expect(
      await rowsOf(dnsQueries(capture), "SELECT server, answered, queries, answered_from FROM this"),
    ).toEqual([
      [server, false, 2, "198.51.100.99"],
      ["198.51.100.99", true, 0, null],
    ]);
  });

  it("may be given the right one behind the point of capture, where nobody asks again", async () => {
    const capture = await open([asked(0), answered(0.02)], later(30));
    expect(await found(capture)).toEqual(["INFO DNS_UNANSWERED"]);
  });

  it("of pings to many are no capture of one direction", async () => {
    for (const many of ["224.0.0.1", "192.0.2.255"]) {
      const pings = upTo(3).flatMap(
        (seq): Frames => [
          [seq, packet(client, many, "icmp", icmp(8, 0, [7, seq], Buffer.alloc(32)))],
          ...[10, 11, 12].map((host): Frames[number] => [
            seq + host / 10_000,
            packet(`192.0.2.${host}`, client, "icmp", icmp(0, 0, [7, seq], Buffer.alloc(32))),
          ]),
        ],
      );
      expect(await found(await open(pings, later(30)))).toEqual([]);
    }
  });

  it("whose questions aren't there are one direction", async () => {
    const replies = upTo(3).map((seq): Frames[number] => [
      seq,
      packet(server, client, "icmp", icmp(0, 0, [7, seq], Buffer.alloc(32))),
    ]);
    expect(await found(await open(replies, later(30)))).toEqual(["MEDIUM CAPTURE_ONE_SIDED"]);
  });
});

describe("answers that come before their questions, since one direction's clock is behind,", () => {
  it("are answers of DNS, whose time is unknown", async () => {
    const capture = await open(
      [
        [0.5, packet(server, client, "udp", udp(53, 4000, dns(7, "a.example", { rcode: 0 })))],
        [0.53, packet(client, server, "udp", udp(4000, 53, dns(7, "a.example")))],
      ],
      later(30),
    );
    expect(
      await rowsOf(dnsQueries(capture), "SELECT answered, queries, responses, rtt_ns FROM this"),
    ).toEqual([[true, 1, 1, null]]);
    expect(await found(capture)).toEqual([]);
  });

  it("are replies to pings", async () => {
    const pings = upTo(6).flatMap(
      (seq): Frames => [
        [seq + 0.5, packet(server, client, "icmp", icmp(0, 0, [7, seq], Buffer.alloc(32)))],
        [seq + 0.53, packet(client, server, "icmp", icmp(8, 0, [7, seq], Buffer.alloc(32)))],
      ],
    );
    const capture = await open(pings, later(30));
    expect(await ask(pingSummary(capture), "SELECT answered, lost, rtt_mean_ns FROM this")).toEqual([
      6,
      0,
      null,
    ]);
    expect(await found(capture)).toEqual([]);
  });
});

describe("a datagram", () => {
  it("from a service's port is the server's, though the capture has no question", async () => {
    const answers = [5060, 1812, 161].map((port, at): Frames[number] => [
      at,
      packet(server, client, "udp", udp(port, 45_000 + at, Buffer.alloc(40, at))),
    ]);
    const capture = await open(answers, later(30));
    expect(await rowsOf(flows(capture), "SELECT server_port FROM this WHERE server_port <> 9")).toEqual([
      ...[[5060], [1812], [161]],
    ]);
  });
});

describe("DHCP", () => {
  const ends = (capture: Capture) =>
    rowsOf(dhcpExchanges(capture), "SELECT server, outcome, repeats FROM this");
  /** Discovers, some of which are offered an address. */
  const asking = (transactions: number[], offered: boolean) =>
    transactions.flatMap(
      (transaction, at): Frames => [
        [4 * at, dhcpFrame(1, { transaction })],
        ...(offered ? [[4 * at + 0.01, dhcpFrame(2, { transaction })] as Frames[number]] : []),
      ],
    );
  const granted = (transaction: number, at: number): Frames => [
    [at, dhcpFrame(3, { transaction })],
    [at + 0.01, dhcpFrame(5, { transaction })],
  ];

  it("fails where the client asks again whatever it is offered", async () => {
    const capture = await open(asking([7, 7, 7, 7], true), later(90));
    expect(await ends(capture)).toEqual([["192.0.2.1", "open", 3]]);
    expect(await found(capture)).toEqual(["MEDIUM DHCP_FAILED"]);
  });

  it("fails where the client begins anew each time", async () => {
    expect(await found(await open(asking([1, 2, 3], false), later(90)))).toEqual(["MEDIUM DHCP_FAILED"]);
    expect(await found(await open(asking([1, 2, 3], false), granted(3, 8.1), later(90)))).toEqual([]);
  });

  it("fails where what was granted is declined", async () => {
    const capture = await open(asking([7], true), granted(7, 0.02), [[1, dhcpFrame(4)]], later(90));
    expect(await found(capture)).toEqual(["MEDIUM DHCP_FAILED"]);
  });

  it("isn't asked again by the relay that passes it on, and the server is who grants it", async () => {
    const relay = "192.0.2.254";
    const both = (type: number, at: number): Frames =>
      type % 2 === 1 && type !== 5
        ? [
            [at, dhcpFrame(type)],
            [at + 0.001, dhcpFrame(type, { relay })],
          ]
        : [
            [at, dhcpFrame(type, { relay })],
            [at + 0.001, dhcpFrame(type)],
          ];
    const capture = await open(both(1, 0), both(2, 0.1), both(3, 0.2), both(5, 0.3), later(90));
    expect(await ends(capture)).toEqual([["192.0.2.1", "granted", 0]]);
    expect(await found(capture)).toEqual([]);
  });
});

describe("ICMP errors", () => {
  const about = ip(client, server, "udp", udp(6000, 6001, Buffer.alloc(64)), { id: 9 });
  const errors = (...all: [type: number, code: number, mtu?: number][]) =>
    open(
      [[0, ethernet(about)]],
      all.map(([type, code, mtu = 0], at): Frames[number] => [
        at + 0.01,
        packet("192.0.2.254", client, "icmp", icmp(type, code, [0, mtu], about.subarray(0, 28))),
      ]),
      later(30),
    );

  it("have a name for every code, and all of them say that something can't be reached", async () => {
    const capture = await errors(...upTo(16).map((code): [number, number] => [3, code]));
    const names = await ask(icmpErrors(capture), "SELECT count(DISTINCT error)::INTEGER FROM this");
    expect(names).toEqual([16]);
    const unreachable = (await findings(capture)).get("ICMP_UNREACHABLE");
    expect(unreachable?.count).toBe(15);
  });

  it("of routers that don't say how big packets may be", async () => {
    const capture = await errors([3, 4], [3, 4, 1400]);
    expect(await rowsOf(icmpErrors(capture), "SELECT icmp_mtu_bytes FROM this")).toEqual([[null], [1400]]);
    expect((await findings(capture)).get("ICMP_TOO_BIG")?.verdict).not.toMatch(/ 0 bytes/);
  });

  it("of hosts that wait for fragments in vain say that some don't arrive, whatever the capture has", async () => {
    expect(await found(await errors([11, 1]))).toEqual(["MEDIUM ICMP_REASSEMBLY"]);
  });
});

describe("pings whose numbers are written with the lower byte first", () => {
  it("miss no requests", async () => {
    const pings = upTo(6).flatMap(
      (seq): Frames => [
        [seq, packet(client, server, "icmp", icmp(8, 0, [1, (seq + 1) << 8], Buffer.alloc(32)))],
        [seq + 0.01, packet(server, client, "icmp", icmp(0, 0, [1, (seq + 1) << 8], Buffer.alloc(32)))],
      ],
    );
    const capture = await open(pings, later(30));
    expect(await ask(pingSummary(capture), "SELECT answered, missing_requests FROM this")).toEqual([6, 0]);
  });
});

describe("an identification that comes around", () => {
  it("belongs to another packet", async () => {
    const whole = udp(5000, 5001, Buffer.alloc(2000, 1));
    const pieces = (seconds: number, parts: number[]): Frames =>
      parts.map((part) => {
        const bytes = whole.subarray(part * 1480, (part + 1) * 1480);
        const options = { id: 7, moreFragments: part === 0, fragmentOffset: part * 1480 };
        return [seconds + part / 10_000, ethernet(ip(client, server, "udp", bytes, options))];
      });
    // Of the second packet the end is missing, of the third one the beginning.
    const capture = await open(pieces(1, [0, 1]), pieces(8, [0]), pieces(15, [1]), later(60));
    expect(await rowsOf(fragmentedPackets(capture), "SELECT complete FROM this")).toEqual([
      ...[[true], [false], [false]],
    ]);
    expect(await found(capture)).toEqual(["MEDIUM FRAGMENTS_MISSING"]);
  });
});

describe("a RST in somebody's name", () => {
  const reset = (talk: Talk) => {
    const rst = tcp(80, 40_000, { seq: talk.at("server"), ack: talk.at("client"), flags: "RST ACK" });
    talk.seconds += 0.001;
    talk.frames.push([talk.seconds, packet(server, client, "tcp", rst, 120)]);
    return talk;
  };
  const ending = async (capture: Capture) =>
    ask(tcpEndings(capture), 'SELECT ending, "by", after_ns, forged FROM this');
  const asked = () => new Talk().open().exchange(5).data("client", 200);

  it("who goes on was sent on the way: that it is answered by RSTs, or by nothing, shows that it was taken", async () => {
    const refusing = reset(asked()).data("server", 1000, 0.02);
    refusing.segment("client", { seq: refusing.at("client"), flags: "RST" }, 0.0001);
    const silent = reset(asked()).data("server", 1000, 0.02).data("server", 1000, 0.3);
    for (const talk of [refusing, silent]) {
      const capture = await open(talk.frames, later(30));
      expect(await ending(capture)).toEqual(["reset", "server", 71_800_000, true]);
      expect((await findings(capture)).get("TCP_RESET")?.verdict).toMatch(
        /something on the way reset it in the name of the server/,
      );
    }
  });

  it("is its own where it has only overtaken what was sent before it", async () => {
    const talk = new Talk().open().exchange(5).data("client", 300);
    const number = talk.at("client");
    talk.segment("client", { seq: number + 300, ack: talk.at("server"), flags: "RST ACK" }, 0.001);
    talk.data("client", 300, 0.000_05);
    const [, , , forged] = await ending(await open(talk.frames, later(30)));
    expect(forged).toBe(false);
  });

  it("which nobody takes ends nothing", async () => {
    const talk = reset(asked()).data("server", 1000, 0.02).ack("client").close();
    expect(await ending(await open(talk.frames, later(30)))).toEqual([
      "closed",
      "client",
      102_800_000,
      false,
    ]);
  });
});

describe("a server that doesn't take the client's ACK", () => {
  const syn = [2, 4, 5, 180, 4, 2, 1, 3, 3, 7, 0, 0];
  const answer = { seq: 500, ack: 101, flags: "SYN ACK", options: syn };
  const opened = (again: number) => {
    const talk = new Talk().segment("client", { seq: 100, flags: "SYN", options: syn });
    talk.segment("server", answer, 0.01).ack("client", 0.0001);
    for (let times = 0; times < again; times++)
      talk.segment("server", answer, 1 << times).ack("client", 0.0001);
    return talk;
  };
  const outcome = (capture: Capture) => ask(tcpHandshakes(capture), "SELECT outcome FROM this");

  it("has no connection, though the client has", async () => {
    const capture = await open(opened(4).frames, later(60));
    expect(await outcome(capture)).toEqual(["half open"]);
    const failed = (await findings(capture)).get("TCP_SETUP_FAILED");
    expect([failed?.certain, failed?.verdict]).toEqual([
      true,
      expect.stringMatching(/the server doesn't take the client's ACK/),
    ]);
  });

  it("has one where a single ACK was lost, or it speaks afterwards", async () => {
    expect(await outcome(await open(opened(1).frames, later(60)))).toEqual(["established"]);
    const late = opened(3).exchange(3).close();
    expect(await outcome(await open(late.frames, later(60)))).toEqual(["established"]);
  });
});

describe("the time of a connection", () => {
  const parts = (capture: Capture) =>
    ask(tcpWaits(capture), "SELECT client_ns, server_ns, path_ns, idle_ns, unknown_ns FROM this");

  it("is the server's until it answers, whatever keeps the connection alive", async () => {
    const talk = new Talk().open().data("client", 200).ack("server");
    talk.segment("client", { seq: talk.at("client") - 1, ack: talk.at("server"), flags: "ACK" }, 15);
    talk.ack("server", 0).data("server", 1000, 20).ack("client");
    const [, serverNs, , idleNs] = await parts(await open(talk.frames, later(60)));
    expect([serverNs, idleNs]).toEqual([35_000_000_000, 0]);
  });

  it("is unknown where an ack comes later than anybody waits for one", async () => {
    const frames = new Talk().open().exchange(20).close().frames;
    const jump = frames.map(([seconds, frame], at): Frames[number] => [
      at < 20 ? seconds : seconds + 3600,
      frame,
    ]);
    const capture = await open(jump, later(3660));
    expect((await parts(capture)).at(-1)).toBeGreaterThan(3_599_000_000_000);
    expect(await found(capture)).toEqual([]);
    const trips = await ask(tcpHealth(capture), "SELECT max(rtt_mean_ns) FROM this");
    expect(trips[0]).toBeLessThan(20_000_000);
  });
});

describe("a file without times", () => {
  const durationSql = "SELECT value FROM this WHERE metric = 'duration'";

  it("measures nothing", async () => {
    const talk = new Talk().open().exchange(20).close();
    const capture = await open(talk.frames.map(([, frame]) => [0, frame]));
    expect(await rowsOf(tcpHealth(capture), "SELECT rtt_samples, rtt_mean_ns, data_ns FROM this")).toEqual([
      [0, null, null],
      [0, null, null],
    ]);
    expect(await ask(tcpEndings(capture), "SELECT ending, after_ns, idle_ns FROM this")).toEqual([
      ...["closed", null, null],
    ]);
    expect(await ask(tcpWaits(capture), "SELECT duration_ns, path_ns, unknown_ns FROM this")).toEqual([
      ...[null, null, null],
    ]);
    expect(await rowsOf(tcpTurns(capture), "SELECT DISTINCT wait_ns FROM this")).toEqual([[null]]);
    expect(await ask(overview(capture), durationSql)).toEqual([null]);
    expect(await found(capture)).toEqual(["LOW CAPTURE_CLOCK"]);
  });

  it("or with one that can't be says how long the others take", async () => {
    const [first, ...others] = together(new Talk().open().exchange(20).close().frames, later(30));
    const path = join(folder, "1970.pcap");
    writeCapture(path, [[-1_699_999_999, (first as Frames[number])[1]], ...others]);
    const [seconds] = await ask(overview(await openCapture(path)), durationSql);
    expect(seconds).toBeCloseTo(30, 1);
  });
});

describe("a pcapng file", () => {
  const frames = new Talk().open().exchange(20).close().frames;

  it("has no packets in custom blocks, empty ones among them", async () => {
    const path = join(folder, "custom.pcapng");
    const packets = frames.map(([seconds, frame]) => ({ seconds, frame }));
    writePcapng(path, [
      ...packets.slice(0, 9),
      { custom: Buffer.alloc(0) },
      { custom: Buffer.alloc(8, 1) },
      ...packets.slice(9),
    ]);
    const counted = await ask(
      overview(await openCapture(path)),
      "SELECT value FROM this WHERE metric = 'packets'",
    );
    expect(counted).toEqual([packets.length]);
  });

  it("of simple packet blocks has no times, and says so", async () => {
    const path = join(folder, "simple.pcapng");
    writePcapng(
      path,
      frames.map(([, frame]) => ({ timeless: frame })),
    );
    const capture = await openCapture(path);
    expect(await found(capture)).toEqual(["LOW CAPTURE_CLOCK"]);
  });
});

describe("a server that greets", () => {
  const greeted = (port: number, greeting: string) => {
    const talk = new Talk(40_000, 0, { client, server }, port).open();
    return talk
      .data("server", greeting, 3)
      .ack("client", 0.001)
      .data("client", 10)
      .data("server", "250 ok\r\n", 0.01);
  };

  it("late is slow", async () => {
    const capture = await open(greeted(25, "220 mail.example ESMTP\r\n").close().frames, later(30));
    const slow = (await findings(capture)).get("TCP_SLOW_SERVER");
    expect([slow?.severity, slow?.certain]).toEqual(["MEDIUM", true]);
    expect(slow?.verdict).toMatch(/greeted after 3/);
  });

  it("is told from one that has something to say later on", async () => {
    expect(await found(await open(greeted(9_999, "something").close().frames, later(30)))).toEqual([]);
  });
});

describe("numbers of ESP that leap ahead", () => {
  const esp = (numbers: number[], seconds: number): Frames =>
    numbers.map((number, at) => {
      const body = Buffer.alloc(40, number & 255);
      body.writeUInt32BE(0x1234, 0);
      body.writeUInt32BE(number, 4);
      return [at * seconds, ethernet(ip(client, server, "esp", body, { id: ++identification }))];
    });

  it("further than anything could have been sent meanwhile begin anew", async () => {
    const numbers = upTo(40).map((at) => (at < 20 ? at : at + 100_000));
    const capture = await open(esp(numbers, 0.1), later(30));
    expect(await ask(datagramSequences(capture), "SELECT lost, restarts FROM this")).toEqual([0, 1]);
    expect(await found(capture)).toEqual([]);
  });

  it("as far as the stream is fast are lost", async () => {
    // Of a stream of 10,000 packets a second one second is missing.
    const numbers = upTo(2_000).map((at) => (at < 1_000 ? at : at + 10_000));
    const frames = esp(numbers, 0.0001).map(([seconds, frame], at): Frames[number] => [
      at < 1_000 ? seconds : seconds + 1,
      frame,
    ]);
    const capture = await open(frames, later(30));
    expect(await ask(datagramSequences(capture), "SELECT lost, restarts FROM this")).toEqual([10_000, 0]);
  });
});

describe("a connection that goes over to another VLAN", () => {
  it("is one", async () => {
    const frames = new Talk()
      .open()
      .exchange(20)
      .close()
      .frames.map(([seconds, frame], at): Frames[number] => [
        seconds,
        tagged([0x8100, at < 20 ? 10 : 20])(frame, at),
      ]);
    const capture = await open(frames, later(30));
    expect(await ask(flows(capture), "SELECT count(*)::INTEGER FROM this WHERE server_port = 80")).toEqual([
      1,
    ]);
    expect(await found(capture)).toEqual([]);
  });
});
