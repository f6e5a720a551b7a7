import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureRule } from "../../lib/analyses/findings/index.js";
import { dnsQueries, findings, flows, httpRequests, retransmissions } from "../../lib/analyses/index.js";
import { Capture } from "../../lib/captures/capture.js";
import { openCapture } from "../../lib/captures/index.js";
import { rowsOf } from "./ask.js";
import { cooked, dns, ethernet, icmp, ip, linuxCooked, udp, writeCapture } from "./build.js";
import { later } from "./faults.js";
import { type Frames, Talk, together } from "./talk.js";

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`;
const response = (bytes: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`;

/** Acks of single segments that the client holds back for 200 ms, or sends with its next request. */
const heldBack = () => {
  const talk = new Talk(41_000).open();
  for (let count = 0; count < 10; count++)
    talk.data("client", 100, 0.3).ack("server").data("server", 200).ack("client", 0.2);
  return talk;
};
/** A receiver that stands still three times. */
const standingStill = () => {
  const talk = new Talk(41_001).open().data("client", 100).ack("server");
  for (let count = 0; count < 60; count++) talk.data("server").ack("client", count % 20 === 10 ? 8 : 0.001);
  return talk;
};
/** A queue that fills: many segments under way, each ack late. */
const queued = () => {
  const talk = new Talk(41_002).open().data("client", 100).ack("server");
  for (let round = 0; round < 5; round++) {
    for (let count = 0; count < 6; count++) talk.data("server");
    for (let count = 1; count <= 6; count++)
      talk.ack("client", count === 1 ? 0.2 : 0.001, { ack: talk.at("server") - 6000 + count * 1000 });
  }
  return talk;
};

/** What it says after a pause is the answer to what it was asked, or what has just happened: here it speaks twice. */
const pushing = () => {
  const talk = new Talk(42_000, 0, undefined, 443)
    .open()
    .data("client", 100)
    .data("server", 100, 0.01)
    .ack("client");
  for (let count = 0; count < 2; count++) talk.data("server", 100, 7).ack("client");
  return talk.data("client", 50, 1).ack("server").data("server", 60, 7).ack("client");
};
const shell = () => {
  const talk = new Talk(42_001, 0, undefined, 22).open();
  talk.data("server", "SSH-2.0-a\r\n", 0.01).ack("client").data("client", "SSH-2.0-b\r\n", 0.01);
  return talk
    .data("server", 200, 0.01)
    .ack("client")
    .data("client", 36, 5)
    .ack("server")
    .data("server", 36, 30)
    .ack("client");
};
const slow = () =>
  new Talk(42_002).open().data("client", 100).ack("server").data("server", 100, 30).ack("client");

/** The rest of an answer of HTTP comes late; the next one, too. */
const slowBody = () => {
  const talk = new Talk(42_003).open().data("client", request("/slow"));
  talk.data("server", response(200), 0.01).ack("client").data("server", 200, 2).ack("client");
  return talk
    .data("client", request("/slower"), 1)
    .ack("server")
    .data("server", `${response(3)}abc`, 30)
    .ack("client");
};
/** Speaks without being asked after it was slow to answer. */
const pushingLater = () => {
  const talk = new Talk(42_004, 0, undefined, 443).open();
  talk.data("client", 100).ack("server").data("server", 100, 7).ack("client");
  return talk
    .data("client", 100, 1)
    .data("server", 100, 0.01)
    .ack("client")
    .data("server", 100, 7)
    .ack("client");
};
/** A stream of gRPC, whose server answers. */
const grpc = () => {
  const preface = Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  ]).toString("latin1");
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]).toString("latin1");
  return new Talk(42_005, 0, undefined, 80)
    .open()
    .data("client", preface)
    .data("server", settings, 0.01)
    .ack("client")
    .data("client", settings, 0.01)
    .ack("server")
    .data("server", settings, 30)
    .ack("client");
};

/** Asks whether somebody answers, and hangs up. */
const probing = (port: number, after: number) => {
  const talk = new Talk(port).open();
  return talk.segment("client", { seq: talk.at("client"), ack: talk.at("server"), flags: "RST ACK" }, after);
};

/** Opened before the capture: the server asks whether the client is still there, and it isn't. */
const forgotten = () => {
  const talk = new Talk(43_002).ack("client", 1).ack("server");
  talk.segment("server", { seq: talk.at("server") - 1, ack: talk.at("client"), flags: "ACK" }, 60);
  return talk.segment("client", { seq: talk.at("client"), flags: "RST" }, 0.001);
};
/** A RST alone, and one that the other side's data meets. */
const resetFirst = (port: number, more: boolean) => {
  const talk = new Talk(port).segment("client", { seq: 101, ack: 501, flags: "RST ACK" }, 1);
  if (!more) return talk.segment("client", { seq: 101, ack: 501, flags: "RST ACK" }, 0.001);
  return talk.data("server").data("server");
};

/** A receiver that widens its window as the sender gets faster. */
const widening = () => {
  const talk = new Talk(45_000).open().data("client", 100).ack("server").ack("client", 0.01, { window: 64 });
  for (let round = 0; round < 5; round++) {
    for (let count = 0; count < 8; count++) talk.data("server", 1024);
    talk.ack("client", 0.01, { window: round < 4 ? 64 : 1000 });
  }
  return talk.exchange(60);
};
const dsack = (from: number, to: number) => {
  const block = Buffer.alloc(8);
  block.writeUInt32BE(from);
  block.writeUInt32BE(to, 4);
  return { options: [1, 1, 5, 10, ...block] };
};
/** A sender that soon sends its last segment again, which had arrived, as the receiver says. */
const probingTheTail = () => {
  const talk = new Talk(45_001).open();
  for (let count = 0; count < 40; count++) {
    talk.data("client", 100, 0.01).data("server", 1000, 0.01);
    if (count % 10 === 5) {
      talk.data("server", 1000, 0.03, talk.at("server") - 1000).ack("client", 0.0001);
      talk.ack("client", 0.005, dsack(talk.at("server") - 1000, talk.at("server")));
    } else talk.ack("client");
  }
  return talk;
};

/** A segment that was lost twice, and came once too often in the end. */
const lostTwice = () => {
  const talk = new Talk(45_002).open().data("client", 100).ack("server");
  talk.data("server");
  const [from, to] = [talk.at("server") - 1000, talk.at("server")];
  for (let count = 0; count < 4; count++) talk.data("server", 1000, 0.3 * 2 ** count, from);
  return talk
    .ack("client", 0.01, { ack: to })
    .ack("client", 0.001, { ack: to, ...dsack(from, to) })
    .exchange(5);
};
/** A host whose timers are short (`rto_min`), and loses the first of two segments each time. */
const shortTimer = () => {
  const talk = new Talk(45_003).open().data("client", 100).ack("server");
  for (let round = 0; round < 5; round++) {
    talk.data("server").data("server");
    talk.data("server", 1000, 0.06, talk.at("server") - 2000).ack("client");
  }
  return talk.exchange(5);
};
/** The window holds its sender up for most of the time, and not for most of the bytes. */
const openedLate = () => {
  const talk = new Talk(45_004).open().data("client", 100).ack("server").ack("client", 0.01, { window: 8 });
  for (let round = 0; round < 12; round++)
    talk.data("server", 1024).ack("client", 0.09, { window: round < 11 ? 8 : 1000 });
  return talk.exchange(60);
};

/** A body that its client doesn't want to the end. */
const brokenOff = () => {
  const talk = new Talk(44_000).open().data("client", request("/big"));
  talk.data("server", response(1_000_000), 0.01).ack("client");
  for (let count = 0; count < 5; count++) talk.data("server").ack("client");
  return talk.segment("client", { seq: talk.at("client"), ack: talk.at("server"), flags: "RST ACK" }, 0.01);
};
/** The second request meets the end of the connection. */
const toNobody = () => {
  const talk = new Talk(44_001).open().data("client", request("/one"));
  talk
    .data("server", `${response(3)}abc`, 0.01)
    .ack("client")
    .data("client", request("/two"), 5);
  return talk.segment("server", { seq: talk.at("server"), flags: "RST" }, 0.01);
};

const datagram = (at: number, from: string, to: string, ports: [number, number], body: Buffer): Frames => [
  [at, ethernet(ip(from, to, "udp", udp(...ports, body), { id: 20_000 + at }))],
];

const address = (last: number) => ({ client: `192.0.2.${last}`, server: "198.51.100.1" });
const ping = (at: number, from: string): Frames => [
  [at, ethernet(ip(from, "198.51.100.1", "icmp", icmp(8, 0, [1, at], Buffer.alloc(8)), { id: 21_000 + at }))],
];
/** What filters for SYNs and RSTs, for one direction, or places that one direction passes, leave. */
const opening = (port: number, ends: { client: string; server: string }, syns: number, answers: number) => {
  const talk = new Talk(port, 0, ends);
  for (let count = 0; count < syns; count++) talk.segment("client", { seq: 100, flags: "SYN" }, 1);
  for (let count = 0; count < answers; count++)
    talk.segment("server", { seq: 500, ack: 101, flags: "SYN ACK" }, 1);
  return talk.frames;
};
const filtered = () => {
  return together(
    ...[
      opening(46_000, address(11), 1, 0),
      opening(46_001, address(11), 3, 0),
      opening(46_002, address(12), 1, 1),
      opening(46_003, address(12), 1, 3),
    ],
    opening(46_004, address(13), 0, 1),
    new Talk(46_005, 0, address(14)).segment("server", { seq: 500, flags: "RST" }).frames,
    ...[1, 2, 3].map((at) => ping(at, "192.0.2.15")),
    datagram(1, "192.0.2.16", "198.51.100.1", [46_006, 53], dns(1, "a.example")),
    ...[1, 6].map((at) => datagram(at, "192.0.2.16", "198.51.100.1", [46_007, 53], dns(2, "a.example"))),
    later(20),
  );
};

let folder: string;
let capture: Capture;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
  const path = join(folder, "normal.pcap");
  const talks = [
    heldBack(),
    standingStill(),
    queued(),
    pushing(),
    shell(),
    slow(),
    slowBody(),
    pushingLater(),
    grpc(),
    probing(43_000, 0.00002),
    probing(43_001, 30),
    forgotten(),
    resetFirst(43_003, false),
    resetFirst(43_004, true),
    widening(),
    probingTheTail(),
    lostTwice(),
    shortTimer(),
    openedLate(),
    brokenOff(),
    toNobody(),
  ];
  const frames = together(
    ...talks.map((talk) => talk.frames),
    datagram(1, "192.0.2.1", "255.255.255.255", [5000, 53], dns(1, "a.example")),
    datagram(2, "192.0.2.1", "198.51.100.1", [5001, 53], dns(2, "a.example")),
  );
  writeCapture(path, together(frames, later(100)));
  capture = await openCapture(path);
});
afterAll(() => rm(folder, { recursive: true }));

/** How bad each connection is in the eyes of a rule, by the client's port. */
const graded = async (rule: CaptureRule) => {
  const all = await findings(capture, { only: [rule] });
  if (!all.ids.includes(rule)) return {};
  const { evidence } = all.get(rule);
  const [flow, severity] = ["flow", "severity"].map((name) => evidence.columns.indexOf(name)) as [
    number,
    number,
  ];
  const ports = new Map(
    (await rowsOf(flows(capture), "SELECT flow, client_port FROM this")) as [string, number][],
  );
  return Object.fromEntries(
    (evidence.values as string[][]).map((row) => [ports.get(row[flow] as string), row[severity]]),
  );
};

describe("acks that come late", () => {
  it("are a slow path only where no receiver may hold them back, and most of them are late", async () => {
    expect(await graded("TCP_SLOW_PATH")).toEqual({ 41000: "INFO", 41001: "LOW", 41002: "MEDIUM" });
  });
});

describe("a server that speaks late", () => {
  it("is a slow one unless it speaks without being asked", async () => {
    expect(await graded("TCP_SLOW_SERVER")).toEqual({
      42000: "INFO",
      42001: "INFO",
      42002: "HIGH",
      42003: "HIGH",
      42004: "HIGH",
      42005: "HIGH",
    });
  });
});

describe("a client that resets its connection", () => {
  it("at once and before any data, only wanted to know whether somebody answers", async () => {
    expect(await graded("TCP_RESET")).toMatchObject({ 43000: "INFO", 43001: "MEDIUM", 44000: "MEDIUM" });
  });

  it("after its handshake was missed, may have had data; of a RST alone nothing is known", async () => {
    expect(await graded("TCP_RESET")).toMatchObject({ 43002: "MEDIUM", 43003: "INFO", 43004: "MEDIUM" });
  });
});

describe("an answer that isn't in the capture", () => {
  const doubt = "CAPTURE_NO_ANSWERS";
  const foundIn = async (name: string, frames: Frames) => {
    const path = join(folder, name);
    writeCapture(path, frames);
    const found = await findings(await openCapture(path));
    const doubted = (rule: CaptureRule) => {
      const { evidence } = found.get(rule);
      return Object.fromEntries(
        (evidence.values as string[][]).map((row) => {
          const cell = (name: string) => row[evidence.columns.indexOf(name)];
          return [cell("client_port") ?? cell("queries") ?? cell("src"), cell("doubt")];
        }),
      );
    };
    return { found, doubted };
  };

  it("is missing for sure where it was asked for again, or the capture shows that it could have it", async () => {
    const { found, doubted } = await foundIn("filtered.pcap", filtered());
    expect(doubted("TCP_SETUP_FAILED")).toEqual({
      46000: doubt,
      46001: null,
      46002: doubt,
      46003: doubt,
      46004: doubt,
    });
    expect(doubted("PING_LOSS")).toEqual({ "192.0.2.15": doubt });
    expect(doubted("DNS_UNANSWERED")).toEqual({ 1: doubt, 2: doubt });
    expect(found.get("TCP_RESET").severity).toBe("INFO");
  });

  it("is missing for sure where others have theirs, and the question was repeated", async () => {
    const name = (from: number, response: boolean): Buffer =>
      dns(from, "b.example", response ? { rcode: 0 } : {});
    const { doubted } = await foundIn(
      "answered.pcap",
      together(
        filtered(),
        new Talk(46_010, 0, address(17)).open().exchange().close().frames,
        datagram(1, "192.0.2.18", "198.51.100.1", [46_011, 53], name(3, false)),
        datagram(2, "198.51.100.1", "192.0.2.18", [53, 46_011], name(3, true)),
      ),
    );
    expect(doubted("TCP_SETUP_FAILED")).toMatchObject({ 46000: doubt, 46001: null, 46003: null });
    expect(doubted("DNS_UNANSWERED")).toEqual({ 1: doubt, 2: null });
  });

  it("may be the filter's doing, though others open connections to who asks, or the SYN was repeated", async () => {
    const [a, b] = ["192.0.2.1", "198.51.100.1"] as const;
    const { doubted } = await foundIn(
      "syns.pcap",
      together(
        opening(46_020, { client: a, server: b }, 1, 0),
        opening(46_021, { client: b, server: a }, 1, 0),
        opening(46_022, { client: a, server: b }, 2, 0),
        later(20),
      ),
    );
    expect(doubted("TCP_SETUP_FAILED")).toEqual({ 46020: doubt, 46021: doubt, 46022: doubt });
  });

  it("may be the filter's doing where who asks only answers others, so that one direction is there", async () => {
    const here = "192.0.2.50";
    const { doubted } = await foundIn(
      "outgoing.pcap",
      together(
        opening(46_050, { client: here, server: "198.51.100.1" }, 3, 0),
        opening(46_051, { client: "198.51.100.2", server: here }, 0, 1),
        later(20),
      ),
    );
    expect(doubted("TCP_SETUP_FAILED")).toEqual({ 46050: doubt, 46051: doubt });
  });
});

describe("a host that answers no ping", () => {
  const pings = (capture: Capture, filter = {}) =>
    findings(capture, { ...filter, only: ["PING_LOSS"] }).then((found) => found.get("PING_LOSS").severity);
  const dead = () => together(...[1, 2, 3, 4, 5].map((at) => ping(at, "192.0.2.15")), later(20));
  const opened = (name: string, ...frames: Frames[]) => {
    const path = join(folder, name);
    writeCapture(path, together(dead(), ...frames));
    return openCapture(path);
  };
  const others = [31, 32, 33].map((last) =>
    new Talk(46_030 + last, 0, address(last)).open().exchange().close(),
  );

  it("is dead for sure where the capture has others' packets both ways, and nobody one-sided", async () => {
    const frames = others.map((talk) => talk.frames);
    const oneSided = new Talk(46_040, 0, address(40)).data("client").data("client").frames;
    expect(await pings(await opened("few.pcap", ...frames.slice(1)))).toBe("INFO");
    expect(await pings(await opened("others.pcap", ...frames))).toBe("CRITICAL");
    expect(await pings(await opened("bond.pcap", ...frames, oneSided))).toBe("INFO");
  });

  it("is dead for sure where skbook captured on all devices of who asks, and no filter took one direction", async () => {
    const taken = async (direction: number, device: string, captureFilter: string) => {
      const frames = dead().map(([at, frame]): Frames[number] => [at, cooked(frame, direction)]);
      const file = join(folder, "cooked.pcap");
      writeCapture(file, frames, undefined, linuxCooked);
      const { name, path, sha256, facts, provenance } = await openCapture(file);
      return new Capture(name, path, sha256, facts, {
        ...provenance,
        source: "capture",
        details: { ...provenance.details, device, captureFilter },
      });
    };
    expect(await pings(await taken(4, "any", "icmp or host 198.51.100.1"))).toBe("CRITICAL");
    expect(await pings(await taken(4, "any", "icmp"), { filter: "icmp.type == 8" })).toBe("INFO");
    expect(await pings(await taken(4, "any", "icmp[0] == 8"))).toBe("INFO");
    expect(await pings(await taken(4, "any", "src host 192.0.2.15"))).toBe("INFO");
    // Long ones, too, are read in no time.
    const hosts = Array.from(
      { length: 12 },
      (_, host) => `host 2001:db8:85a3:8d3:1319:8a2e:370:${host}`,
    ).join(" or ");
    expect(await pings(await taken(4, "any", `icmp or (${hosts})`))).toBe("CRITICAL");
    expect(await pings(await taken(4, "any", `icmp or ${hosts} and src port 53`))).toBe("INFO");
    expect(await pings(await taken(4, "eth0", ""))).toBe("INFO");
    // Passed on, and the reply may come back another way.
    expect(await pings(await taken(0, "any", ""))).toBe("INFO");
  });
});

describe("a host that pings itself", () => {
  it("is client and server of its conversation, and has its answers", async () => {
    const own = "127.0.0.1";
    const echo = (at: number, type: number): Frames[number] => [
      at + (type === 0 ? 0.001 : 0),
      ethernet(ip(own, own, "icmp", icmp(type, 0, [1, at], Buffer.alloc(8)), { id: 10 * at + type })),
    ];
    const path = join(folder, "itself.pcap");
    writeCapture(path, together([1, 2, 3].flatMap((at) => [echo(at, 8), echo(at, 0)])));
    const capture = await openCapture(path);
    expect(
      await rowsOf(flows(capture), "SELECT client, server, client_packets, server_packets FROM this"),
    ).toEqual([[own, own, 3, 3]]);
    expect([...(await findings(capture))]).toEqual([]);
  });
});

describe("a window that is filled", () => {
  it("before its receiver widened it limits no transfer", async () => {
    expect(await graded("TCP_WINDOW_LIMITED")).toEqual({ 45000: "INFO", 45004: "MEDIUM" });
  });
});

describe("what is sent again though it had arrived", () => {
  it("wasn't lost, and waited for no timer where it came sooner", async () => {
    expect(await graded("TCP_RESENT")).toEqual({ 45001: "INFO", 45002: "CRITICAL", 45003: "CRITICAL" });
    expect(await graded("TCP_SPURIOUS")).toEqual({ 45001: "MEDIUM" });
    expect(await graded("TCP_TIMEOUTS")).toEqual({ 45002: "MEDIUM", 45003: "MEDIUM" });
  });
});

describe("a D-SACK", () => {
  it("is about the last of the copies before it", async () => {
    const copies =
      "SELECT waited_ns // 100000000, needless FROM this WHERE waited_ns >= 300000000 ORDER BY frame";
    expect(await rowsOf(retransmissions(capture), copies)).toEqual([
      [3, false],
      [6, false],
      [12, false],
      [24, true],
    ]);
  });
});

describe("an answer", () => {
  it("of HTTP that is broken off is not missing", async () => {
    const answers = "SELECT path, status, answered FROM this WHERE path NOT LIKE '/slow%' ORDER BY path";
    expect(await rowsOf(httpRequests(capture), answers)).toEqual([
      ["/big", null, null],
      ["/one", 200, true],
      ["/two", null, false],
    ]);
  });

  it("of DNS is expected of one who was asked, not of many", async () => {
    const answers = "SELECT server, answered FROM this ORDER BY server";
    expect(await rowsOf(dnsQueries(capture), answers)).toEqual([
      ["198.51.100.1", false],
      ["255.255.255.255", null],
    ]);
  });
});
