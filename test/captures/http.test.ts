import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { httpRequests } from "../../lib/analyses/index.js";
import { openCapture, type TrafficFilter } from "../../lib/captures/index.js";
import { live, record, replay } from "../../lib/cases/index.js";
import { localhost } from "../../lib/hosts/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { rowsOf } from "./ask.js";
import { ethernet, ip, tcp, writeCapture } from "./build.js";
import { corpus } from "./corpus.js";

let folder: string;
const { PATH, XDG_CACHE_HOME } = process.env;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
});
afterEach(() => {
  Object.assign(process.env, { PATH, XDG_CACHE_HOME });
  live();
});
afterAll(() => rmSync(folder, { recursive: true }));

const client = "192.0.2.1";
const server = "198.51.100.2";

/** What one side sends, cut into segments after so many bytes. */
interface Message {
  from: "client" | "server";
  text: string;
  cuts?: number[];
  /** Segments in the order of the capture, by number; one that is left out is lost, one that is there twice sent again. */
  order?: number[];
}

/** A connection whose packets are 100 ms apart, the handshake's included. */
function connection(messages: Message[], { close = false, damage = (frame: Buffer) => frame } = {}) {
  const next = { client: 1001, server: 5001 };
  const frames: Buffer[] = [];
  const send = (from: "client" | "server", seq: number, flags: string, payload?: Buffer) => {
    const other = from === "client" ? "server" : "client";
    const [srcPort = 0, dstPort = 0] = from === "client" ? [40_000, 80] : [80, 40_000];
    const ack = flags === "SYN" ? 0 : next[other];
    const segment = tcp(srcPort, dstPort, { seq, ack, flags, payload: payload ?? 0 });
    const [src = "", dst = ""] = from === "client" ? [client, server] : [server, client];
    frames.push(damage(ethernet(ip(src, dst, "tcp", segment, { id: frames.length + 1 }))));
  };
  send("client", 1000, "SYN");
  send("server", 5000, "SYN ACK");
  send("client", 1001, "ACK");
  for (const { from, text, cuts = [], order } of messages) {
    const bytes = Buffer.from(text);
    const edges = [0, ...cuts, bytes.length];
    const begin = next[from];
    for (const number of order ?? edges.slice(1).keys()) {
      const [start = 0, stop = 0] = [edges[number], edges[number + 1]];
      send(from, begin + start, "ACK PSH", bytes.subarray(start, stop));
    }
    next[from] = begin + bytes.length;
  }
  if (close) send("server", next.server, "FIN ACK");
  return frames.map((frame, index): [number, Buffer] => [index / 10, frame]);
}

let written = 0;
function open(frames: [number, Buffer][], snapLength?: number) {
  const path = join(folder, `${++written}.pcap`);
  writeCapture(path, frames, snapLength);
  return openCapture(path);
}

const one = `GET /one?secret=1 HTTP/1.1\r\nHost: a.example\r\nAuthorization: Basic hidden\r\nCookie: ${"c".repeat(40)}\r\n\r\n`;
const two = "GET /two HTTP/1.1\r\nHost: a.example\r\n\r\n";
const ok = `HTTP/1.1 200 OK\r\nContent-Length: 2000\r\nSet-Cookie: hidden\r\n\r\n${"b".repeat(2000)}`;
const missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello";

const columns =
  "frame, method, path, status, answered, request_bytes, response_bytes, sending_ns // 1000000, first_byte_ns // 1000000, last_byte_ns // 1000000";
async function requests(
  messages: Message[],
  options: { close?: boolean; snapLength?: number; damage?: (frame: Buffer) => Buffer } = {},
) {
  return rowsOf(
    httpRequests(await open(connection(messages, options), options.snapLength)),
    `SELECT ${columns} FROM this`,
  );
}

const from = (sender: "client" | "server", text: string, rest: Partial<Message> = {}): Message => ({
  from: sender,
  text,
  ...rest,
});
const second = [from("client", two), from("server", missing)];

describe("httpRequests", () => {
  it.each([
    ["in order", [0, 1], [0, 1, 2], [4, 100, 100, 300]],
    ["a request out of order", [1, 0], [0, 1, 2], [4, 100, 100, 300]],
    ["a response out of order", [0, 1], [2, 0, 1], [4, 100, 100, 300]],
    ["sent again", [0, 0, 1], [0, 1, 0, 2], [4, 200, 100, 400]],
  ])("puts messages together: %s", async (_, order, answerOrder, [frame, ...times]) => {
    const rows = await requests([
      from("client", one, { cuts: [30], order }),
      // The header itself is cut.
      from("server", ok, { cuts: [20, 1000], order: answerOrder }),
      ...second,
    ]);
    expect(rows).toEqual([
      [frame, "GET", "/one", 200, true, one.length, ok.length, ...times],
      [expect.any(Number), "GET", "/two", 404, true, two.length, missing.length, 0, 100, 100],
    ]);
  });

  it.each([
    ["of a request", [0], [0, 1, 2], [null, ok.length, 200, true]],
    ["of a response's header", [0, 1], [1, 2], [one.length, null, null, null]],
    ["of a body", [0, 1], [0, 2], [one.length, null, 200, true]],
    ["the end of a body", [0, 1], [0, 1], [one.length, null, 200, true]],
    ["a whole response", [0, 1], [], [one.length, null, null, null]],
  ])("finds the others where the capture has lost a part: %s", async (_, order, answerOrder, wanted) => {
    const rows = await requests([
      from("client", one, { cuts: [80], order }),
      from("server", ok, { cuts: [100, 1000], order: answerOrder }),
      ...second,
    ]);
    expect(rows.map((row) => [row[5], row[6], row[3], row[4]])).toEqual([
      wanted,
      [two.length, missing.length, 404, true],
    ]);
  });

  it("pairs pipelined requests in their order, and says what it can't tell apart", async () => {
    const rows = await requests([
      from("client", two + two + one),
      from("server", missing + ok + missing, { cuts: [500, 1500] }),
      // A comma may be part of a target or lie between two.
      from("client", one + two),
      from("server", missing),
    ]);
    expect(rows).toEqual([
      [4, "GET", "/two", 404, true, null, null, 0, 100, 100],
      [4, "GET", "/two", 200, true, null, null, 0, 100, 300],
      [4, "GET", "/one", 404, true, null, null, 0, 300, 300],
      [8, "GET", null, 404, true, null, missing.length, 0, 100, 100],
      [8, "GET", null, null, null, null, null, 0, null, null],
    ]);
  });

  it("skips what comes before the answer, and doesn't count what isn't HTTP any more", async () => {
    const post = "POST /up HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    const rows = await requests([
      from("client", post),
      from("server", "HTTP/1.1 100 Continue\r\n\r\n"),
      from("client", "body"),
      from("server", missing),
      from(
        "client",
        "GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      ),
      from("server", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
      from("server", "\u0001frames"),
    ]);
    expect(rows).toEqual([
      [4, "POST", "/up", 404, true, post.length + 4, missing.length, 200, 100, 100],
      [8, "GET", "/chat", 101, true, null, null, 0, 100, null],
    ]);
  });

  it("tells a request that was never answered from one that is still open", async () => {
    expect((await requests([from("client", two)], { close: true })).map((row) => row[4])).toEqual([false]);
    expect((await requests([from("client", two)])).map((row) => row[4])).toEqual([null]);
  });

  it("reads packets that are cut, and those whose checksum a device was still to fill in", async () => {
    const whole = [from("client", one), from("server", ok, { cuts: [1000] }), ...second];
    const wanted = [
      [4, "GET", "/one", 200, true, one.length, ok.length, 0, 100, 200],
      [7, "GET", "/two", 404, true, two.length, missing.length, 0, 100, 100],
    ];
    expect(await requests(whole, { snapLength: 200 })).toEqual(wanted);
    const split = [from("client", one, { cuts: [30] }), from("server", ok, { cuts: [20] }), ...second];
    const damage = (frame: Buffer) => {
      frame.writeUInt16BE(0x1234, 14 + 20 + 16);
      return frame;
    };
    const rows = await requests(split, { damage });
    expect(rows.map((row) => row[3])).toEqual([200, 404]);
  });

  it("keeps nothing of queries and headers, in no cache and no case", async () => {
    process.env.XDG_CACHE_HOME = mkdtempSync(join(folder, "home-"));
    const messages = [from("client", one), from("server", ok), ...second];
    const proxied = "GET http://user:password@b.example/p;token=1 HTTP/1.1\r\nHost: b.example\r\n\r\n";
    const capture = await open(connection([...messages, from("client", proxied), from("server", missing)]));
    const paths = async () =>
      rowsOf(httpRequests(await openCapture(capture.path as string)), "SELECT host, path FROM this");
    const rows = [
      ["a.example", "/one"],
      ["a.example", "/two"],
      ["b.example", "/p"],
    ];
    expect(await paths()).toEqual(rows);
    const kept = join(folder, "case");
    await record(kept);
    expect(await paths()).toEqual(rows);
    process.env.PATH = "/nonexistent";
    await replay(kept);
    expect(await paths()).toEqual(rows);
    const recordings = readdirSync(join(kept, "recordings")).filter((name) => name.includes("http"));
    expect(recordings).toHaveLength(1);
    const text = recordings
      .map((name) => String(gunzipSync(readFileSync(join(kept, "recordings", name)))))
      .join("");
    expect(text).toContain("/one");
    expect(text).not.toMatch(/secret|hidden|password|token/);
    const cached = execFileSync("/bin/sh", [
      "-c",
      'PATH=/usr/bin:/bin; grep -rlE "secret|hidden|password|token" "$1" || true',
      "sh",
      process.env.XDG_CACHE_HOME,
    ]);
    expect(String(cached)).toBe("");
  });

  it("is taken from an earlier run, by connection and time, and costs nothing without HTTP", async () => {
    const capture = await open(connection([from("client", one), from("server", ok), ...second]));
    await httpRequests(capture);
    const started = vi.spyOn(localhost(), "start");
    const chosen = async (filter: TrafficFilter) =>
      (
        await rowsOf(httpRequests(await openCapture(capture.path as string), filter), "SELECT path FROM this")
      ).flat();
    expect(await chosen({ port: 80 })).toEqual(["/one", "/two"]);
    expect(await chosen({ from: 0.45 })).toEqual(["/two"]);
    await expect(chosen({ port: 81 })).rejects.toMatchObject({ code: "NOTHING_MATCHES" });
    const path = join(folder, "plain.pcap");
    generateCapture(path, 100_000);
    const plain = await httpRequests(await openCapture(path));
    expect(await plain.count()).toBe(0);
    expect(plain.columns).toContain("first_byte_ns");
    const displays = started.mock.calls.filter(([command]) => command.includes("-Y"));
    started.mockRestore();
    expect(displays).toEqual([]);
  });
});

describe.skipIf(corpus === undefined)("httpRequests of known captures", () => {
  const rows = async (name: string) =>
    rowsOf(
      httpRequests(await openCapture(join(corpus as string, name))),
      "SELECT flow, host, path, status, first_byte_ns, last_byte_ns FROM this",
    );

  it("pairs every response of tshark with its request, in tunnels and IPv6", async () => {
    expect(await rows("zeek_vxlan-encapsulated-http.pcap")).toEqual([
      ["tcp 0 1", "eu.httpbin.org", "/image/svg", 200, 205_085_000, 205_085_000],
    ]);
    const six = await rows("pcpp_four_ipv6_http_streams.pcap");
    expect(six).toHaveLength(9);
    expect(six[7]).toEqual([
      "tcp 2",
      "www.uk6x.com",
      "/images/top_bground.jpg",
      200,
      46_339_000,
      130_990_000,
    ]);
    expect(six[8]?.[2]).toBe("/ipv6/stats/log.php3");
  });

  it("has the requests and the status codes that tshark counts", async () => {
    const path = join(corpus as string, "pcpp_example.pcap");
    const inOrder = ["-o", "tcp.reassemble_out_of_order:TRUE"];
    const count = (field: string) =>
      String(
        execFileSync(
          "tshark",
          ["-n", ...inOrder, "-r", path, "-Y", `tcp && ${field}`, "-T", "fields", "-e", field],
          {
            stdio: ["ignore", "pipe", "ignore"],
          },
        ),
      )
        .trim()
        .split(/[\n,]/)
        .sort();
    const table = await httpRequests(await openCapture(path));
    const methods = (await rowsOf(table, "SELECT method FROM this WHERE method IS NOT NULL")).flat().sort();
    expect(methods).toEqual(count("http.request.method"));
    const codes = (await rowsOf(table, "SELECT status::VARCHAR FROM this WHERE status IS NOT NULL"))
      .flat()
      .sort();
    expect(codes).toEqual(count("http.response.code"));
  });
});
