import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flows } from "../../lib/analyses/index.js";
import { openCapture, packetsOf } from "../../lib/captures/index.js";
import {
  type Figure,
  type PacketLadderOptions,
  packetLadder,
  timeSequence,
} from "../../lib/figures/index.js";
import { sql, type Table } from "../../lib/tables/index.js";
import { ethernet, icmp, ip, type TcpOptions, tcp, udp, writeCapture } from "../captures/build.js";
import { corpus } from "../captures/corpus.js";
import { ownFolder } from "../fixtures/own-folder.js";

const folder = ownFolder();

const [client, server, router] = ["192.0.2.1", "198.51.100.2", "203.0.113.9"];

interface Sent extends TcpOptions {
  from: "client" | "server";
  /** Seconds, on the clock of the client. */
  at: number;
  lost?: true;
  /** Seconds until it is at the other end; else what the path takes. */
  takes?: number;
}

const path = { client: 0.004, server: 0.006 };

function frameOf({ from, ...options }: Sent, id: number, hops: number): Buffer {
  const [src, dst] = from === "client" ? [client, server] : [server, client];
  const ports: [number, number] = from === "client" ? [40000, 443] : [443, 40000];
  return ethernet(ip(src, dst, "tcp", tcp(...ports, options), { id, ttl: 64 - hops }));
}

/** The same packets as two captures have them: beside the client, and beside the server, whose clock is some seconds ahead. */
async function capturesOf(
  name: string,
  sent: Sent[],
  ahead = 0,
): Promise<{ atClient: Table; atServer: Table }> {
  const there: { client: [number, Buffer][]; server: [number, Buffer][] } = { client: [], server: [] };
  sent.forEach((packet, i) => {
    const { from, at, lost, takes = path[from] } = packet;
    const to = from === "client" ? "server" : "client";
    const clock = (end: string, time: number) => time + (end === "server" ? ahead : 0);
    there[from].push([clock(from, at), frameOf(packet, i + 1, 0)]);
    if (!lost) there[to].push([clock(to, at + takes), frameOf(packet, i + 1, 3)]);
  });
  const tables = await Promise.all(
    (["client", "server"] as const).map(async (end) => {
      const file = join(folder, `${name}-${end}.pcap`);
      writeCapture(
        file,
        there[end].sort(([a], [b]) => a - b),
      );
      return packetsOf(await openCapture(file), "tcp 0");
    }),
  );
  return { atClient: tables[0] as Table, atServer: tables[1] as Table };
}

const conversation: Sent[] = [
  { from: "client", at: 0, seq: 100, flags: "SYN" },
  { from: "server", at: 0.0041, seq: 500, ack: 101, flags: "SYN ACK" },
  { from: "client", at: 0.0102, seq: 101, ack: 501, flags: "ACK" },
  { from: "client", at: 0.0103, seq: 101, ack: 501, flags: "PSH ACK", payload: 200 },
  { from: "server", at: 0.02, seq: 501, ack: 301, flags: "ACK", payload: 1000 },
  { from: "server", at: 0.0201, seq: 1501, ack: 301, flags: "ACK", payload: 1000, lost: true },
  { from: "server", at: 0.0202, seq: 2501, ack: 301, flags: "ACK", payload: 1000 },
  { from: "client", at: 0.0263, seq: 301, ack: 1501, flags: "ACK" },
  { from: "client", at: 0.0264, seq: 301, ack: 1501, flags: "ACK" },
  { from: "server", at: 0.24, seq: 1501, ack: 301, flags: "ACK", payload: 1000 },
  { from: "client", at: 0.25, seq: 301, ack: 3501, flags: "ACK", lost: true },
  { from: "server", at: 0.3, seq: 3501, ack: 301, flags: "FIN ACK" },
  { from: "client", at: 0.31, seq: 301, ack: 3502, flags: "ACK" },
];

type Line = {
  name?: string;
  x: (number | null)[];
  y: (number | null)[];
  text: string[];
  line?: { dash: string };
};

/** Every arrow as a line of text, in the order of its kinds: "SYN: 0 → 1, SYN · seq 0, 0.000000 s to 0.005000 s". */
const arrows = (figure: Figure) =>
  (figure.data as Line[]).flatMap(({ name, x, text, y }) =>
    name === undefined
      ? []
      : x.flatMap((at, i) => {
          if (i % 3 !== 0) return [];
          const said = text[i]?.replace("<br>", ", ").replace(/, frame .*/, "");
          const down = Math.sign((y[i + 1] ?? 0) - (y[i] ?? 0));
          return [`${name}: ${at} → ${x[i + 1]}${down < 0 ? " upwards" : ""}, ${said}`];
        }),
  );
const of = (figure: Figure, name: string) => arrows(figure).filter((arrow) => arrow.startsWith(`${name}: `));
const badge = (figure: Figure) =>
  (
    (figure.layout.annotations as { name?: string; text: string }[]).find(({ name }) => name === "warnings")
      ?.text ?? ""
  )
    .replaceAll("<br>", " · ")
    .replace(/(first|other) capture: loss of packets unknown( · )?/g, "");
const subtitle = ({ layout }: Figure) =>
  (layout.title as { subtitle: { text: string } }).subtitle.text.replaceAll("<br>", " · ");
const labels = (figure: Figure) => (figure.layout.annotations as { text: string }[]).map(({ text }) => text);

describe("packetLadder of one capture", () => {
  it("has a level arrow for each packet, with what it says", async () => {
    const { atClient } = await capturesOf("single", conversation);
    const figure = await packetLadder(atClient);
    expect(arrows(figure)).toMatchInlineSnapshot(`
      [
        "ACK: 0 → 1, ACK · seq 1 · ack 1, 0.010200 s",
        "ACK: 0 → 1, ACK · seq 201 · ack 1001, 0.026300 s",
        "ACK: 0 → 1, ACK · seq 201 · ack 3001, 0.250000 s",
        "ACK: 0 → 1, ACK · seq 201 · ack 3002, 0.310000 s",
        "data: 0 → 1, PSH ACK · seq 1 · ack 1 · len 200, 0.010300 s",
        "data: 1 → 0, ACK · seq 1 · ack 201 · len 1000, 0.026000 s",
        "data: 1 → 0, ACK · seq 2001 · ack 201 · len 1000, 0.026200 s",
        "duplicate ACK: 0 → 1, ACK · seq 201 · ack 1001, 0.026400 s",
        "FIN: 1 → 0, FIN ACK · seq 3001 · ack 201, 0.306000 s",
        "SYN: 0 → 1, SYN · seq 0, 0.000000 s",
        "SYN: 1 → 0, SYN ACK · seq 0 · ack 1, 0.010100 s",
        "retransmission: 1 → 0, ACK · seq 1001 · ack 201 · len 1000 · sent again, 0.246000 s",
      ]
    `);
    expect(labels(figure)).toContain("<b>client 192.0.2.1:40000</b>");
    expect(subtitle(figure)).toContain("12 packets · arrows are level");
    expect(figure.toString()).not.toContain("SYN · seq 0");
    expect(await figure.svg()).toContain(">SYN ACK · seq 0 · ack 1</text>");
  });

  it("takes each packet once where the capture has it twice", async () => {
    const frames = conversation.slice(0, 3).flatMap((packet, i): [number, Buffer][] => {
      const frame = frameOf(packet, i + 1, 0);
      return [
        [packet.at, frame],
        [packet.at + 0.0001, Buffer.concat([Buffer.from([2, 9, 9, 9, 9, 9]), frame.subarray(6)])],
      ];
    });
    const file = join(folder, "twice.pcap");
    writeCapture(file, frames);
    const capture = await openCapture(file);
    const figure = await packetLadder(await packetsOf(capture, "tcp 0"));
    expect(arrows(figure)).toHaveLength(3);
    // A capture of one conversation stands for it.
    expect(arrows(await packetLadder(capture))).toEqual(arrows(figure));
    await expect(timeSequence(capture as never)).rejects.toMatchObject({
      code: "BAD_PARAMETER",
      failed: "what it was given is a capture, not what is made of one",
      todo: expect.stringContaining("await tcpSegments(capture"),
    });
    expect((await sql("SELECT count(*) FROM cap WHERE transport = 'tcp'", { cap: capture })).values).toEqual([
      [frames.length],
    ]);
  });

  it("shows ICMP errors about it, from somewhere on the way", async () => {
    const query = ip(client, server, "udp", udp(5000, 53, Buffer.alloc(40)), { id: 7 });
    const file = join(folder, "error.pcap");
    writeCapture(file, [
      [0, ethernet(query)],
      [0.01, ethernet(ip(router, client, "icmp", icmp(3, 1, [0, 0], query.subarray(0, 28))))],
    ]);
    const figure = await packetLadder(await packetsOf(await openCapture(file), "udp 0"));
    expect(arrows(figure)).toEqual([
      expect.stringContaining("packet: 0 → 1, "),
      "ICMP error: 0.5 → 0, ICMP error 3/1 from 203.0.113.9, 0.010000 s",
    ]);
  });

  it("is limited, and says so", async () => {
    const { atClient } = await capturesOf("limited", conversation);
    const figure = await packetLadder(atClient, { most: 3 });
    expect(arrows(figure)).toHaveLength(3);
    expect(badge(figure)).toContain("the first 3 of 12 packets");
    const many = Array.from(
      { length: 400 },
      (_, i): Sent => ({
        from: i % 2 === 0 ? "client" : "server",
        at: 10 ** (i % 7) * 1e-4 + i,
        seq: i,
        flags: "ACK",
        payload: 1,
      }),
    );
    const tall = await packetLadder((await capturesOf("tall", many)).atClient, { most: 150 });
    expect(tall.layout.height).toBeLessThan(10_000);
    expect(await tall.svg()).toContain("<svg");
  });

  it("refuses another table, several conversations and options out of range", async () => {
    const { atClient } = await capturesOf("refused", conversation);
    await expect(packetLadder(atClient, { most: 151 })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await expect(packetLadder(atClient, { clockOffsetNs: 0.5 })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
    await expect(packetLadder(atClient, { clockErrorNs: -1 })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
    await expect(packetLadder(await atClient.query("SELECT frame FROM this"))).rejects.toThrow(
      /await packetsOf\(capture, "tcp 0"\)/,
    );
    const two = await atClient.query("FROM this UNION ALL SELECT * REPLACE ('tcp 1' AS flow) FROM this");
    await expect(packetLadder(two)).rejects.toThrow(/shows one conversation, and the table has 2/);
    await expect(packetLadder(atClient, { other: two })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });

  it.skipIf(corpus === undefined)("draws real captures: TCP, DNS, ping, IPv6, in tunnels", async () => {
    for (const [file, flow, packets] of [
      ["zeek_retransmit-fast009.pcap", "tcp 0", 39],
      ["zeek_dns-two-responses.pcap", "udp 0", 3],
      ["zeek_vxlan-encapsulated-http.pcap", undefined, 12],
      ["zeek_icmp6-ping.pcap", undefined, 8],
    ] as const) {
      const capture = await openCapture(join(corpus as string, file));
      const [[first]] = (
        await (await flows(capture)).sql("SELECT flow FROM this ORDER BY client_packets DESC")
      ).values as [[string]];
      const figure = await packetLadder(await packetsOf(capture, flow ?? first));
      expect(arrows(figure).length, file).toBeLessThanOrEqual(packets);
      expect(arrows(figure).length, file).toBeGreaterThan(1);
      expect(await figure.svg()).toContain("client ");
    }
  });
});

describe("packetLadder of two captures", () => {
  const ahead = 5.5;
  const known: PacketLadderOptions = { clockOffsetNs: -5_500_000_000n, clockErrorNs: 100_000 };

  it("draws each packet from its time at one end to its time at the other, and lost ones to a cross midway", async () => {
    const { atClient, atServer } = await capturesOf("known", conversation, ahead);
    const figure = await packetLadder(atClient, { other: atServer, ...known });
    expect(arrows(figure)).toMatchInlineSnapshot(`
      [
        "ACK: 0 → 1, ACK · seq 1 · ack 1, 0.010200 s to 0.014200 s",
        "ACK: 0 → 1, ACK · seq 201 · ack 1001, 0.026300 s to 0.030300 s",
        "ACK: 0 → 1, ACK · seq 201 · ack 3002, 0.310000 s to 0.314000 s",
        "data: 0 → 1, PSH ACK · seq 1 · ack 1 · len 200, 0.010300 s to 0.014300 s",
        "data: 1 → 0, ACK · seq 1 · ack 201 · len 1000, 0.020000 s to 0.026000 s",
        "data: 1 → 0, ACK · seq 2001 · ack 201 · len 1000, 0.020200 s to 0.026200 s",
        "duplicate ACK: 0 → 1, ACK · seq 201 · ack 1001, 0.026400 s to 0.030400 s",
        "FIN: 1 → 0, FIN ACK · seq 3001 · ack 201, 0.300000 s to 0.306000 s",
        "SYN: 0 → 1, SYN · seq 0, 0.000000 s to 0.004000 s",
        "SYN: 1 → 0, SYN ACK · seq 0 · ack 1, 0.004100 s to 0.010100 s",
        "retransmission: 1 → 0, ACK · seq 1001 · ack 201 · len 1000 · sent again, 0.240000 s to 0.246000 s",
        "not seen at the other end: 1 → 0.5, ACK · seq 1001 · ack 201 · len 1000, 0.020100 s",
        "not seen at the other end: 0 → 0.5, ACK · seq 201 · ack 3001, 0.250000 s",
      ]
    `);
    expect(badge(figure)).toBe("");
    expect(subtitle(figure)).toContain(
      "13 packets · 11 in both captures · round trip between the captures at least 10 ms, whatever the clocks say · other clock corrected by -5.50000 s ± 100 µs".replace(
        "-",
        "−",
      ),
    );
    expect(await figure.svg()).toContain(">not seen at the other end</text>");
  });

  it("is the same whichever capture comes first", async () => {
    const { atClient, atServer } = await capturesOf("swapped", conversation, ahead);
    const [one, two] = [
      await packetLadder(atClient, { other: atServer, ...known }),
      await packetLadder(atServer, { other: atClient, ...known, clockOffsetNs: 5_500_000_000n }),
    ];
    expect(arrows(two).sort()).toEqual(arrows(one).sort());
  });

  it("never pretends to know the clocks: says what is known without an offset", async () => {
    const { atClient, atServer } = await capturesOf("unknown", conversation, ahead);
    const figure = await packetLadder(atClient, { other: atServer });
    // The ways take 4 ms and 6 ms: without the clocks, only their sum is known.
    expect(badge(figure)).toBe(
      [
        "slopes unsure: the offset of the two clocks isn't known",
        "since no packet arrives before it is sent, it is −5.4990 s ± 5 ms",
        "drawn as if both ways took equally long",
      ].join(" · "),
    );
    expect(subtitle(figure)).toContain(
      "round trip between the captures at least 10 ms, whatever the clocks say",
    );
    expect(of(figure, "SYN")).toEqual([
      "SYN: 0 → 1, SYN · seq 0, 0.000000 s to 0.005000 s",
      "SYN: 1 → 0, SYN ACK · seq 0 · ack 1, 0.005100 s to 0.010100 s",
    ]);
  });

  it("says what is wrong with an offset that is given", async () => {
    const { atClient, atServer } = await capturesOf("wrong", conversation, ahead);
    const badges = async (options: PacketLadderOptions) =>
      badge(await packetLadder(atClient, { other: atServer, ...options }));
    expect(await badges({ clockOffsetNs: -5_500_000_000n })).toBe(
      "slopes unsure: the error of the clock offset isn't given",
    );
    expect(await badges({ clockOffsetNs: -5_500_000_000n, clockErrorNs: 5_000_000 })).toBe(
      "slopes unsure: the clock error is no less than half the round trip",
    );
    const early = await packetLadder(atClient, {
      other: atServer,
      clockOffsetNs: -5_530_000_000n,
      clockErrorNs: 1000,
    });
    expect(badge(early)).toBe(
      "packets arrive before they are sent · the clock offset is wrong by 26 ms or more, or a clock drifts",
    );
    expect(of(early, "SYN")[0]).toContain("0 → 1 upwards, ");
  });

  it("says that nothing matches", async () => {
    const { atClient } = await capturesOf("one", conversation, 0);
    const { atServer } = await capturesOf(
      "two",
      conversation.map((packet) => ({ ...packet, seq: packet.seq + 7 })),
      0,
    );
    const figure = await packetLadder(atClient, { other: atServer });
    expect(badge(figure)).toContain("nor bounded: no packet is in both captures");
    expect(badge(figure)).toContain("which capture is nearer to the client isn't known");
  });

  it("matches without the identification of IPv4 where the path writes it anew", async () => {
    const { atClient } = await capturesOf("own-ids", conversation, 0);
    const first: Sent = { from: "client", at: -1, seq: 99, flags: "ACK", lost: true };
    const { atServer } = await capturesOf("new-ids", [first, ...conversation], 0);
    const figure = await packetLadder(atClient, { other: atServer, clockOffsetNs: 0, clockErrorNs: 0 });
    expect(badge(figure)).toContain("matched without the identification of IPv4");
    expect(subtitle(figure)).toContain("11 in both captures");
  });

  it("doesn't take for lost what offloading cut anew", async () => {
    const [syn, synAck, ack] = conversation as [Sent, Sent, Sent];
    const big: Sent = { from: "client", at: 0.02, seq: 101, ack: 501, flags: "PSH ACK", payload: 3000 };
    const pieces = (missing?: number) =>
      [0, 1, 2].flatMap((i): Sent[] =>
        i === missing
          ? []
          : [
              {
                from: "client",
                at: 0.02 + i * 1e-4,
                seq: 101 + i * 1000,
                ack: 501,
                flags: "ACK",
                payload: 1000,
              },
            ],
      );
    const { atClient } = await capturesOf("whole", [syn, synAck, ack, big]);
    for (const [missing, name, said] of [
      [undefined, "in other packets at the other end (offloading)", "len 3000, 0.020000 s to 0.024200 s"],
      [1, "partly missing at the other end", "len 3000 · 1000 bytes missing, 0.020000 s"],
    ] as const) {
      const { atServer } = await capturesOf(`pieces-${missing}`, [syn, synAck, ack, ...pieces(missing)]);
      const figure = await packetLadder(atClient, { other: atServer, clockOffsetNs: 0, clockErrorNs: 0 });
      expect(of(figure, name)).toEqual([expect.stringContaining(said)]);
      expect(arrows(figure)).toHaveLength(4);
    }
  });

  it("doesn't take for lost what the other capture was too late for", async () => {
    const { atClient } = await capturesOf("early", conversation);
    const { atServer } = await capturesOf("late", conversation.slice(8));
    const figure = await packetLadder(atClient, { other: atServer, clockOffsetNs: 0, clockErrorNs: 0 });
    // The packets sent before the other capture's first one, and the handshake among them.
    expect(of(figure, "the other capture wasn't running").length).toBeGreaterThan(3);
    expect(of(figure, "not seen at the other end").every((arrow) => /0\.2\d+ s$/.test(arrow))).toBe(true);
  });

  it("doesn't take for lost what was not chosen", async () => {
    const { atClient } = await capturesOf("part", conversation);
    const part = await packetsOf(await openCapture(join(folder, "part-server.pcap")), {
      flow: "tcp 0",
      from: 0.2,
    });
    const figure = await packetLadder(atClient, { other: part, clockOffsetNs: 0, clockErrorNs: 0 });
    expect(of(figure, "not seen at the other end")).toEqual([
      expect.stringContaining("0 → 0.5, ACK · seq 201 · ack 3001"),
    ]);
    expect(badge(figure)).toBe("");
  });

  it("shows what only the receiver's capture has", async () => {
    const { atClient, atServer } = await capturesOf("missed", conversation);
    const missed = await atClient.query("FROM this WHERE frame <> 1");
    const figure = await packetLadder(missed, { other: atServer, clockOffsetNs: 0, clockErrorNs: 0 });
    expect(of(figure, "seen on arrival only")).toEqual([
      "seen on arrival only: 0.5 → 1, SYN · seq 0, 0.000000 s",
    ]);
  });

  it("matches UDP and pings by their numbers, the n-th with the n-th", async () => {
    const datagram = (id: number) =>
      ethernet(ip(client, server, "udp", udp(5000, 6000, Buffer.alloc(40)), { id }));
    const files = ["udp-here.pcap", "udp-there.pcap"].map((name) => join(folder, name)) as [string, string];
    writeCapture(
      files[0],
      [1, 2, 3].map((id) => [id / 10, datagram(id)]),
    );
    writeCapture(
      files[1],
      [1, 3].map((id) => [id / 10 + 0.01, datagram(id)]),
    );
    const tables = await Promise.all(files.map(async (file) => packetsOf(await openCapture(file), "udp 0")));
    const figure = await packetLadder(tables[0] as Table, {
      other: tables[1] as Table,
      clockOffsetNs: 0,
      clockErrorNs: 0,
    });
    expect(arrows(figure)).toEqual([
      expect.stringMatching(/^packet: 0 → 1, .*, 0.000000 s to 0.010000 s$/),
      expect.stringMatching(/^packet: 0 → 1, .*, 0.200000 s to 0.210000 s$/),
      expect.stringMatching(/^not seen at the other end: 0 → 0.5, .*, 0.100000 s$/),
    ]);
    const echo = (type: number, seq: number, from: string, to: string) =>
      ethernet(ip(from, to, "icmp", icmp(type, 0, [9, seq], Buffer.alloc(8))));
    const pingFiles = ["ping-here.pcap", "ping-there.pcap"].map((name) => join(folder, name)) as [
      string,
      string,
    ];
    writeCapture(pingFiles[0], [
      [0, echo(8, 1, client, server)],
      [0.02, echo(0, 1, server, client)],
      [1, echo(8, 2, client, server)],
    ]);
    writeCapture(pingFiles[1], [
      [0.01, echo(8, 1, client, server)],
      [0.011, echo(0, 1, server, client)],
      [1.01, echo(8, 2, client, server)],
      [1.011, echo(0, 2, server, client)],
    ]);
    const pings = await Promise.all(
      pingFiles.map(async (file) => packetsOf(await openCapture(file), { proto: "icmp" })),
    );
    const ladder = await packetLadder(pings[0] as Table, {
      other: pings[1] as Table,
      clockOffsetNs: 0,
      clockErrorNs: 0,
    });
    expect(arrows(ladder)).toEqual([
      "packet: 0 → 1, echo request 1, 0.000000 s to 0.010000 s",
      "packet: 1 → 0, echo reply 1, 0.011000 s to 0.020000 s",
      "packet: 0 → 1, echo request 2, 1.000000 s to 1.010000 s",
      expect.stringContaining("1 → 0.5, echo reply 2"),
    ]);
  });
});
