import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flows } from "../../lib/analyses/index.js";
import { openCapture, packets } from "../../lib/captures/index.js";
import { jupyterDisplay } from "../../lib/cell/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { writeCapture } from "./build.js";
import { corpus } from "./corpus.js";

const folder = ownFolder();

describe("openCapture", () => {
  it("tells what can't be a capture file before anything runs", async () => {
    await mkdir(join(folder, "sub"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await expect(openCapture(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(openCapture(join(folder, "sub"))).rejects.toMatchObject({ code: "NOT_A_FILE" });
    await expect(openCapture(join(folder, "pipe"))).rejects.toMatchObject({ code: "NOT_A_FILE" });
  });

  it("opens files with odd names", async () => {
    const path = join(folder, "-r 'a'\t$(b) ü.pcap");
    await writeFile(path, "");
    const capture = await openCapture(path);
    expect(capture.facts).toMatchObject({ packets: 0, fileBytes: 0, firstPacket: null, partial: false });
    expect(await (await packets(capture)).count()).toBe(0);
    expect(capture[jupyterDisplay]()["text/plain"]).toContain("packets");
  });
});

describe("packets of a big capture", () => {
  it("counts what was written, ends when interrupted, and can be asked again", async () => {
    const path = join(folder, "big.pcap");
    const { packets: count, connections, retransmissions } = generateCapture(path, 20_000_000);
    const capture = await openCapture(path);
    const cell = Symbol.for("skbook.cell");
    const interrupt = new AbortController();
    const runningCell = { id: "cell", signal: interrupt.signal, display: () => {} };
    Object.assign(globalThis, { [cell]: () => runningCell });
    setTimeout(() => interrupt.abort(), 200);
    await expect(packets(capture)).rejects.toMatchObject({ code: "INTERRUPTED" });
    Object.assign(globalThis, { [cell]: () => undefined });
    const running = execFileSync("sh", [
      "-c",
      'ps -eo args | grep -F "$1" | grep -v grep || true',
      "sh",
      path,
    ]);
    expect(String(running)).toBe("");
    const table = await packets(capture);
    const counted = await table.sql(
      "SELECT count(*), count(DISTINCT tcp_stream), count(*) FILTER (retransmission), max(frame) FROM this",
    );
    expect(counted.values).toEqual([[count, connections, retransmissions, count]]);
  });
});

describe("packets of a file that says senseless things", () => {
  it("have interfaces of 32 bits, and lengths of 31, as tshark has", async () => {
    const path = join(folder, "senseless.pcap");
    const cooked = Buffer.alloc(20);
    cooked.writeUInt32BE(0xfedcba98, 4);
    writeCapture(path, [[0, cooked]]);
    const bytes = await readFile(path);
    const linuxCooked2 = 276;
    bytes.writeUInt32LE(linuxCooked2, 20);
    bytes.writeUInt32LE(0xfffffff0, 36);
    await writeFile(path, bytes);
    const table = await packets(await openCapture(path));
    const values = "SELECT wire_bytes, captured_bytes, cooked_interface FROM this";
    expect((await table.sql(values)).values).toEqual([[0x7fffffff, 20, 0xfedcba98]]);
  });
});

describe("packets while they are read", () => {
  it("shows the first ones, and takes them away at the end", async () => {
    const path = join(folder, "shown.pcap");
    generateCapture(path, 60_000_000);
    const shown: { bundle: Record<string, unknown>; options: { id?: string } | undefined }[] = [];
    const looking = {
      id: "cell",
      signal: new AbortController().signal,
      display: (bundle: Record<string, unknown>, options?: { id?: string }) =>
        shown.push({ bundle, options }),
      ask: async () => "",
    };
    const hook = Symbol.for("skbook.cell");
    Object.assign(globalThis, { [hook]: () => looking });
    try {
      await packets(await openCapture(path));
    } finally {
      Object.assign(globalThis, { [hook]: () => undefined });
    }
    const first = shown.find(({ bundle }) => String(bundle["text/plain"]).includes("192.0.2.1"));
    expect(first).toBeDefined();
    const later = shown.filter(({ options }) => options?.id === first?.options?.id);
    expect(later.slice(1)).toEqual([{ bundle: {}, options: { id: first?.options?.id, update: true } }]);
  });
});

describe.skipIf(corpus === undefined)("packets", () => {
  const open = (name: string) => openCapture(join(corpus as string, name));

  it("says which end of a tunnel it tells, and in which", async () => {
    const vxlan = await packets(await open("zeek_vxlan-encapsulated-http.pcap"));
    const rows = await vxlan.sql(
      "SELECT src, dst, src_port, dst_port, outer_src, outer_dst, tunnel, tunnel_id FROM this ORDER BY frame LIMIT 1",
    );
    expect(rows.values).toEqual([
      [
        "172.16.11.201",
        "54.86.237.188",
        40354,
        80,
        "10.1.200.131",
        "10.1.1.172",
        "vxlan",
        expect.any(String),
      ],
    ]);
    const teredo = await packets(await open("zeek_Teredo.pcap"));
    const inner = await teredo.sql(
      "SELECT src, dst, outer_src, outer_dst FROM this WHERE transport = 'icmpv6' ORDER BY frame LIMIT 1",
    );
    expect(inner.values).toEqual([
      ["fe80::8000:ffff:ffff:fffd", "ff02::2", "192.168.2.16", expect.stringMatching(/^\d+\./)],
    ]);
  });

  it("counts an ICMP error as ICMP and keeps what it quotes apart", async () => {
    const table = await packets(await open("edge_cut_mid_packet.pcap"));
    const quoting = await table.sql(
      "FROM this SELECT transport, tcp_stream, tcp_seq, src_port WHERE quoted_tcp_stream IS NOT NULL",
    );
    expect(quoting.values).toEqual(Array(5).fill(["icmp", null, null, null]));
  });

  it("keeps times to the nanosecond", async () => {
    const name = "tcpdump_tcp-handshake-nano.pcap";
    const epochs = execFileSync(
      "tshark",
      ["-n", "-r", join(corpus as string, name), "-T", "fields", "-e", "frame.time_epoch"],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    const wanted = String(epochs)
      .trim()
      .split("\n")
      .map((text) => BigInt(text.replace(".", "")));
    const frame = await (await packets(await open(name))).sql("SELECT time_ns FROM this ORDER BY frame");
    expect(frame.values.flat()).toEqual(wanted);
  });

  it("keeps tabs, line breaks, quotes and other scripts in a comment within their cell", async () => {
    const path = join(folder, "comments.pcapng");
    const comment = 'tab\there, line\nbreak "quoted" ü';
    execFileSync(
      "editcap",
      ["-a", `2:${comment}`, join(corpus as string, "tcpdump_tcp-handshake-nano.pcap"), path],
      { stdio: "ignore" },
    );
    const frame = await (await packets(await openCapture(path))).sql(
      "SELECT frame, comment FROM this ORDER BY frame",
    );
    expect(frame.values).toEqual([
      [1, null],
      [2, 'tab\\there, line\\nbreak "quoted" ü'],
      [3, null],
    ]);
  });

  it("takes a display filter, and says what is wrong with it", async () => {
    const capture = await open("pcpp_example.pcap");
    const filtered = await packets(capture, { filter: "tcp.stream == 1" });
    const all = await packets(capture);
    const counted = await all.sql("SELECT count(*) FROM this WHERE tcp_stream = 1");
    expect(await filtered.count()).toBe((counted.values as number[][])[0]?.[0]);
    expect(await packets(capture)).toBe(all);
    await expect(packets(capture, { filter: "ip.srcc == 1" })).rejects.toMatchObject({
      code: "BAD_FILTER",
      failed: expect.stringContaining("ip.srcc"),
    });
    await expect(packets(await open("edge_cut_mid_packet.pcap"), { filter: "-" })).rejects.toMatchObject({
      code: "BAD_FILTER",
    });
  });

  it("tells client from server by the SYN, wherever it stands, else says what it assumed", async () => {
    const told = async (name: string) => {
      const frame = await flows(await open(name));
      return (await frame.sql("SELECT client_port, server_port, direction_by FROM this")).values;
    };
    expect(await told("zeek_handshake-reorder.pcap")).toEqual([[59856, 80, "SYN"]]);
    expect(await told("zeek_missing-syn.pcap")).toEqual([[56730, 80, "SYN ACK"]]);
    expect(await told("edge_reused_ports.pcap")).toEqual([
      [40000, 80, "SYN"],
      [40000, 80, "SYN"],
    ]);
  });

  it("marks what a damaged file left out", async () => {
    const table = await packets(await open("edge_gz_truncated.pcapng.gz"));
    const bundle = await table[jupyterDisplay]();
    expect(bundle["text/plain"]).toContain("3 rows");
    expect(bundle["text/html"]).toContain('class="warning">partial: ');
    expect(table.provenance.notes.join()).toContain("damaged or cut short");
  });
});
