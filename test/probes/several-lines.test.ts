import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localhost } from "../../lib/index.js";
import { bpf, defineRows, field, packet, packetFilters } from "../../lib/probes/index.js";
import { joinParts, partBytes } from "../../lib/probes/kinds/rows/memory.js";
import { describeLive } from "../fixtures/needs.js";
import { randomNumbers } from "../fixtures/random.js";
import { makePair, type Pair } from "./pair.js";

const most = 3 * partBytes;

/** A line as it comes of a program. */
const line = (word: string, fields: readonly (string | number)[]) => ({
  type: "line" as const,
  word,
  hook: 0,
  fields: fields.map(String),
});

/** The lines of a row with these bytes. */
function linesOf(cpu: number, event: number, bytes: Buffer, words: readonly string[] = []) {
  const padded = Buffer.concat([bytes, Buffer.alloc(most)]);
  const parts = Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, part) =>
    line("part", [
      ...[cpu, event, part],
      ...Array.from({ length: partBytes / 8 }, (_, index) =>
        String(padded.readBigInt64LE(part * partBytes + 8 * index)),
      ),
    ]),
  );
  return [line("row", [cpu, event, bytes.length, ...words]), ...parts];
}

const bytesOf = (length: number, seed: number) => {
  const random = randomNumbers(seed);
  return Buffer.from(Array.from({ length }, () => Math.floor(256 * random())));
};
const seen = (bytes: Buffer, words: readonly string[] = []) =>
  line("row", [bytes.toString("base64"), ...words]);

describe("rows that come in several lines", () => {
  test.each([0, 1, 7, 8, partBytes - 1, partBytes, partBytes + 1, most])("have all of %i bytes", (length) => {
    const bytes = bytesOf(length, length + 1);
    const join = joinParts("row", { most });
    expect(linesOf(1, 1_000, bytes, ["a", "b"]).flatMap(join)).toEqual([seen(bytes, ["a", "b"])]);
  });

  test("of several CPUs mix, and what is no row goes by", () => {
    const [one, other] = [bytesOf(most, 1), bytesOf(400, 2)];
    const [a, b] = [linesOf(0, 5, one), linesOf(1, 5, other)];
    const tick = line("tick", [7]);
    const mixed = [a[0], b[0], tick, b[1], a[1], a[2], b[2], b[3], a[3]].flatMap((each) => each ?? []);
    expect(mixed.flatMap(joinParts("row", { most }))).toEqual([tick, seen(other), seen(one)]);
  });

  test("are not there where any of their lines is missing, and the ones around them are", () => {
    const [before, hurt, after] = [bytesOf(500, 1), bytesOf(most, 2), bytesOf(300, 3)];
    for (const gone of [0, 1, 2, 3]) {
      const left = linesOf(0, 2, hurt).filter((_, index) => index !== gone);
      const all = [...linesOf(0, 1, before), ...left, ...linesOf(0, 3, after)];
      expect(all.flatMap(joinParts("row", { most }))).toEqual([seen(before), seen(after)]);
    }
  });

  test("are not made of lines that a host made up", () => {
    const join = joinParts("row", { most });
    const [head, first, second] = linesOf(0, 1, bytesOf(most, 1));
    const strange = [first, second, head, second, first, head, first, first, head, line("part", []), first];
    expect(strange.flatMap((each) => (each === undefined ? [] : join(each)))).toEqual([]);
    expect(() => join(line("row", [0, 1, most + 1]))).toThrow("no number of bytes");
    expect(() => join(line("row", [0, 1, -1]))).toThrow("no number of bytes");
    expect(() => join(line("row", [0, 1, "1e2x"]))).toThrow("no number of bytes");
    expect(() => join(line("row", ["7".repeat(20_000), 1, 8]))).toThrow("20002 characters");
  });
});

/** Frames with their bytes, as they are sent: some of them more than a line has room for. */
const frames = defineRows({
  name: "frameBytes",
  measures: "frames that are sent",
  hooks: { required: ["tracepoint:net:net_dev_start_xmit"] },
  filters: packetFilters,
  fields: [field({ name: "port", type: "INTEGER", meaning: "destination port", say: () => packet.dstPort })],
  memory: {
    columns: [{ name: "bytes", type: "VARCHAR", meaning: "the frame's first bytes" }],
    most,
    say: (at) => ({
      address: at.read(bpf`$skb`, "sk_buff.data"),
      length: at.read(bpf`$skb`, "sk_buff.len"),
    }),
    read: (bytes) => [bytes.toString("hex")],
  },
  program: ({ on, packet, emit }) =>
    on("tracepoint:net:net_dev_start_xmit", (at) => packet(at, { skb: at.arg("skbaddr") }, emit(at))),
});

/** Sends datagrams of some sizes, each byte of them the number of its place. */
const sender = `
import socket, sys
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for size in map(int, sys.argv[3:]):
    out.sendto(bytes(place % 251 for place in range(size)), (sys.argv[1], int(sys.argv[2])))
`;

describeLive(
  "rows of this kernel in several lines",
  ["root", "bpftrace", "tracing", "namespaces", "python"],
  () => {
    const port = 4_000;
    /** Ethernet, IPv4 and UDP. */
    const headers = 14 + 20 + 8;
    let pair: Pair;
    beforeAll(async () => {
      pair = await makePair("skb-lines");
    });
    afterAll(() => pair?.remove());

    test("have the bytes that were sent, up to the most that is read, and none behind them", async () => {
      const sizes = [0, 3, 100, partBytes - headers, partBytes - headers + 1, 400, most - headers, 1_200];
      const table = await frames(localhost(), {
        seconds: 60,
        dstPort: port,
        device: pair.device,
        during: () =>
          pair.inside(pair.sending, ["python3", "-c", sender, pair.to, String(port), ...sizes.map(String)]),
      });
      expect(table.provenance).toMatchObject({ lost: 0, truncated: false });
      const { values } = await table.sql("SELECT port, bytes FROM this ORDER BY time_ns");
      const payload = (size: number) => Buffer.from(Array.from({ length: size }, (_, place) => place % 251));
      expect((values as unknown[][]).map(([to, bytes]) => [to, String(bytes).slice(2 * headers)])).toEqual(
        sizes.map((size) => [port, payload(Math.min(size, most - headers)).toString("hex")]),
      );
    });

    test("are lost as a whole where a buffer has no room for all of their lines: rows and lost are all that was sent", async () => {
      const count = 20_000;
      const table = await frames(localhost(), {
        seconds: 60,
        ...{ maxEvents: 1_000_000, maxEventsPerSecond: 10_000_000, bufferPages: 1 },
        dstPort: port,
        device: pair.device,
        during: () => pair.send({ count, size: 450, port }),
      });
      const { lost } = table.provenance;
      expect(lost).toBeGreaterThan(0);
      expect((await table.count()) + Number(lost)).toBe(count);
      const { values } = await table.sql(
        "SELECT length(bytes), count(*)::INTEGER AS rows FROM this GROUP BY ALL",
      );
      expect(values).toEqual([[2 * (450 + headers), await table.count()]]);
    });
  },
);
