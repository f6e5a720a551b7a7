import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaptureRule } from "../../lib/analyses/findings/index.js";
import {
  datagramSequences,
  dhcpExchanges,
  dnsQueries,
  findings,
  pingSummary,
  pings,
} from "../../lib/analyses/index.js";
import { type Capture, openCapture } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { rowsOf } from "./ask.js";
import { dns, ethernet, icmp, ip, udp, writeCapture } from "./build.js";
import { dhcpFrame, dnsTalk, later } from "./faults.js";
import { type Frames, Talk, together } from "./talk.js";

const folder = ownFolder();

let written = 0;
let identification = 0;
const client = "192.0.2.1";
const server = "198.51.100.1";
const open = (...frames: Frames[]) => {
  const path = join(folder, `${++written}.pcap`);
  writeCapture(path, together(...frames, later(60)));
  return openCapture(path);
};
const found = async (capture: Capture, ...only: CaptureRule[]) =>
  [...(await findings(capture, { only }))].map(({ id, certain }) => [id, certain]);
const packet = (...[src, dst, transport, body, options]: Parameters<typeof ip>) =>
  ip(src, dst, transport, body, { id: ++identification, ...options });

describe("DNS questions", () => {
  const asked = (seconds: number, name: string): Frames[number] => [
    seconds,
    ethernet(packet(client, server, "udp", udp(4000, 53, dns(1, name)))),
  ];
  const answered = (seconds: number, name: string): Frames[number] => [
    seconds,
    ethernet(packet(server, client, "udp", udp(53, 4000, dns(1, name, { rcode: 0 })))),
  ];

  it("of one id for two names at once have an answer each, whatever their case and order", async () => {
    const capture = await open([
      ...[asked(0, "a.Example"), asked(0.001, "b.example")],
      ...[answered(0.02, "b.example"), answered(0.03, "a.example"), answered(0.04, "a.example")],
    ]);
    expect(
      await rowsOf(
        dnsQueries(capture),
        "SELECT name, answered, queries::INTEGER, responses::INTEGER FROM this",
      ),
    ).toEqual([
      ["a.Example", true, 1, 2],
      ["b.example", true, 1, 1],
    ]);
    expect(await found(capture, "DNS_UNANSWERED", "DNS_REPEATED")).toEqual([]);
  });

  it("over TCP are neither answered nor not where the answer lies in several segments", async () => {
    const talk = new Talk(40_000, 0, { client, server }, 53).open();
    const message = (bytes: Buffer) => Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
    const say = (side: "client" | "server", payload: Buffer) => {
      const ack = talk.at(side === "client" ? "server" : "client");
      talk.segment(side, { seq: talk.at(side), ack, flags: "PSH ACK", payload }, 0.001);
      talk.skip(side, payload.length);
    };
    say("client", message(dns(1, "a.example")));
    const answer = message(dns(1, "a.example", { rcode: 0 }));
    say("server", answer.subarray(0, 2));
    say("server", answer.subarray(2));
    const capture = await open(talk.close().frames);
    expect(await rowsOf(dnsQueries(capture), "SELECT answered FROM this")).toEqual([[null]]);
    expect(await found(capture, "DNS_UNANSWERED")).toEqual([]);
  });

  it("are in doubt where only a part of an answer is there, as behind a filter by port", async () => {
    const whole = udp(53, 4000, Buffer.concat([dns(1, "a.example", { rcode: 0 }), Buffer.alloc(2500)]));
    const first = packet(server, client, "udp", whole.subarray(0, 1480), { moreFragments: true });
    const only = ["DNS_UNANSWERED", "FRAGMENTS_MISSING"] as const;
    expect(await found(await open([asked(0, "a.example"), [0.02, ethernet(first)]]), ...only)).toEqual([
      ["FRAGMENTS_MISSING", true],
      ["DNS_UNANSWERED", false],
    ]);
    const shown = dnsTalk(1, 2, "b.example", { after: 0.01 });
    expect(await found(await open([asked(0, "a.example"), ...shown]), ...only)).toEqual([
      ["DNS_UNANSWERED", true],
    ]);
  });
});

describe("echo requests with a rising time to live", () => {
  /** Hops of which routers report, one stays silent, and the target answers from the fifth on. */
  const traced = (reaches: boolean): Frames =>
    [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6].flatMap((ttl, at): Frames => {
      const echo = (type: number) => icmp(type, 0, [7, at + 1], Buffer.alloc(32, at));
      const request = packet(client, server, "icmp", echo(8), { ttl });
      const expired = icmp(11, 0, [0, 0], request.subarray(0, 60));
      const reply =
        ttl < 5
          ? packet(`203.0.113.${ttl}`, client, "icmp", expired)
          : packet(server, client, "icmp", echo(0));
      const silent = ttl === 2 || (ttl >= 5 && !reaches);
      return [[at, ethernet(request)], ...(silent ? [] : [[at + 0.01, ethernet(reply)] as Frames[number]])];
    });

  it("trace the path, and lose nothing that was to reach its end", async () => {
    const capture = await open(traced(true));
    expect(await found(capture, "PING_LOSS")).toEqual([]);
    expect(
      await rowsOf(
        pingSummary(capture),
        "SELECT requests::INTEGER, answered::INTEGER, lost::INTEGER FROM this",
      ),
    ).toEqual([[12, 4, 0]]);
    expect(await found(await open(traced(false)), "PING_LOSS")).toEqual([]);
  });

  it("say nothing of pings with all their hops beside them", async () => {
    const lost = [1, 2, 3, 4, 5, 6].map((number): Frames[number] => [
      number,
      ethernet(packet(client, server, "icmp", icmp(8, 0, [9, number], Buffer.alloc(32)))),
    ]);
    const capture = await open(traced(true), lost);
    expect(await found(capture, "PING_LOSS")).toEqual([["PING_LOSS", true]]);
    expect(await rowsOf(pings(capture), "SELECT DISTINCT answered FROM this WHERE icmp_id = 9")).toEqual([
      [false],
    ]);
  });
});

describe("a port that is refused", () => {
  it("is no fault where it ends a trace to a neighbour", async () => {
    const refused = async (port: number) => {
      const probe = packet(client, server, "udp", udp(44_000, port, Buffer.alloc(32)), { ttl: 1 });
      const error = packet(server, client, "icmp", icmp(3, 3, [0, 0], probe.subarray(0, 60)));
      const capture = await open([
        [0, ethernet(probe)],
        [0.001, ethernet(error)],
      ]);
      return [...(await findings(capture, { only: ["ICMP_UNREACHABLE"] }))].map(({ severity }) => severity);
    };
    expect(await refused(33_434)).toEqual(["INFO"]);
    expect(await refused(5000)).toEqual(["MEDIUM"]);
  });
});

describe("a DHCP client that wants no address", () => {
  it("is granted none, however often it asks", async () => {
    const asked = (type: number) => [0, 4, 12].map((at): Frames[number] => [at, dhcpFrame(type)]);
    expect(await found(await open(asked(8)), "DHCP_FAILED")).toEqual([]);
    expect(await found(await open(asked(1)), "DHCP_FAILED")).toEqual([["DHCP_FAILED", true]]);
  });
});

describe("a second DHCP server", () => {
  it("refuses nothing to who has got an ack", async () => {
    const [discover, offer, request, ack, nak] = [1, 2, 3, 5, 6];
    const said = (...types: number[]) => types.map((type, at): Frames[number] => [at / 10, dhcpFrame(type)]);
    const outcome = async (frames: Frames) =>
      (await rowsOf(dhcpExchanges(await open(frames)), "SELECT outcome FROM this")).flat();
    const granted = said(
      discover as number,
      offer as number,
      request as number,
      ack as number,
      nak as number,
    );
    expect(await outcome(granted)).toEqual(["granted"]);
    const later = said(request as number, ack as number, request as number, nak as number);
    expect(await outcome(later)).toEqual(["refused"]);
    expect(await found(await open(granted), "DHCP_FAILED")).toEqual([]);
  });
});

describe("numbers that begin anew", () => {
  const numbered = (numbers: number[], start: number): Frames =>
    numbers.map((number, at) => {
      const body = Buffer.alloc(40, number & 255);
      body.writeUInt32BE(0x1234, 0);
      body.writeUInt32BE(number, 4);
      return [start + at / 10, ethernet(packet(client, server, "esp", body))];
    });
  const upTo = (most: number, first: number) => Array.from({ length: most }, (_, at) => first + at);
  const counted = async (...frames: Frames[]) =>
    rowsOf(
      datagramSequences(await open(...frames)),
      "SELECT packets::INTEGER, lost::INTEGER, reordered::INTEGER, restarts::INTEGER FROM this",
    );

  it("far back, or with the first one, are neither lost nor late", async () => {
    expect(await counted(numbered(upTo(20, 5000), 0), numbered(upTo(20, 5), 3))).toEqual([[40, 0, 0, 1]]);
    expect(await counted(numbered(upTo(20, 500), 0), numbered(upTo(20, 1), 3))).toEqual([[40, 0, 0, 1]]);
  });

  it("are told from packets that were overtaken", async () => {
    const late = numbered([1, 3, 2, 4, 100, 60, 101, 102], 0);
    expect(await counted(late)).toEqual([[8, 94, 2, 0]]);
    // At a million packets a second, 5,000 take 5 ms.
    const far = [...upTo(6000, 1).filter((number) => number !== 1000), 1000, ...upTo(20, 6001)];
    expect(await counted(numbered(far, 0))).toEqual([[6020, 0, 1, 0]]);
  });
});
