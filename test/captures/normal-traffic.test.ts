import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureRule } from "../../lib/analyses/findings/index.js";
import { dnsQueries, findings, flows, httpRequests } from "../../lib/analyses/index.js";
import { type Capture, openCapture } from "../../lib/captures/index.js";
import { rowsOf } from "./ask.js";
import { dns, ethernet, icmp, ip, udp, writeCapture } from "./build.js";
import { later } from "./faults.js";
import { Talk, together } from "./talk.js";

type Frames = [seconds: number, frame: Buffer][];

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

/** Asks whether somebody answers, and hangs up. */
const probing = (port: number, after: number) => {
  const talk = new Talk(port).open();
  return talk.segment("client", { seq: talk.at("client"), ack: talk.at("server"), flags: "RST ACK" }, after);
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
/** A sender that soon sends its last segment again, which had arrived, as the receiver says. */
const probingTheTail = () => {
  const talk = new Talk(45_001).open();
  for (let count = 0; count < 40; count++) {
    talk.data("client", 100, 0.01).data("server", 1000, 0.01);
    if (count % 10 === 5) {
      const block = Buffer.alloc(8);
      block.writeUInt32BE(talk.at("server") - 1000);
      block.writeUInt32BE(talk.at("server"), 4);
      talk.data("server", 1000, 0.03, talk.at("server") - 1000).ack("client", 0.0001);
      talk.ack("client", 0.005, { options: [1, 1, 5, 10, ...block] });
    } else talk.ack("client");
  }
  return talk;
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
const filtered = () => {
  const opening = (port: number, last: number, syns: number, answers: number) => {
    const talk = new Talk(port, 0, address(last));
    for (let count = 0; count < syns; count++) talk.segment("client", { seq: 100, flags: "SYN" }, 1);
    for (let count = 0; count < answers; count++)
      talk.segment("server", { seq: 500, ack: 101, flags: "SYN ACK" }, 1);
    return talk.frames;
  };
  return together(
    ...[
      opening(46_000, 11, 1, 0),
      opening(46_001, 11, 3, 0),
      opening(46_002, 12, 1, 1),
      opening(46_003, 12, 1, 3),
    ],
    opening(46_004, 13, 0, 1),
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
    probing(43_000, 0.00002),
    probing(43_001, 30),
    widening(),
    probingTheTail(),
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
    expect(await graded("TCP_SLOW_SERVER")).toEqual({ 42000: "INFO", 42001: "INFO", 42002: "HIGH" });
  });
});

describe("a client that resets its connection", () => {
  it("at once and before any data, only wanted to know whether somebody answers", async () => {
    expect(await graded("TCP_RESET")).toMatchObject({ 43000: "INFO", 43001: "MEDIUM", 44000: "MEDIUM" });
  });
});

describe("an answer that isn't in the capture", () => {
  it("is missing for sure where it was asked for again, or the capture shows that it could have it", async () => {
    const path = join(folder, "filtered.pcap");
    writeCapture(path, filtered());
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
    const doubt = "CAPTURE_NO_ANSWERS";
    expect(doubted("TCP_SETUP_FAILED")).toEqual({
      46000: doubt,
      46001: null,
      46002: doubt,
      46003: null,
      46004: doubt,
    });
    expect(doubted("PING_LOSS")).toEqual({ "192.0.2.15": doubt });
    expect(doubted("DNS_UNANSWERED")).toEqual({ 1: doubt, 2: null });
    expect(found.get("TCP_RESET").severity).toBe("INFO");
  });
});

describe("a window that is filled", () => {
  it("before its receiver widened it limits no transfer", async () => {
    expect(await graded("TCP_WINDOW_LIMITED")).toEqual({ 45000: "INFO" });
  });
});

describe("what is sent again though it had arrived", () => {
  it("wasn't lost, and waited for no timer where it came sooner", async () => {
    expect(await graded("TCP_RESENT")).toEqual({ 45001: "INFO" });
    expect(await graded("TCP_SPURIOUS")).toEqual({ 45001: "MEDIUM" });
    expect(await graded("TCP_TIMEOUTS")).toEqual({});
  });
});

describe("an answer", () => {
  it("of HTTP that is broken off is not missing", async () => {
    const answers = "SELECT path, status, answered FROM this ORDER BY path";
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
