import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  dnsQueries,
  flows,
  httpRequests,
  overview,
  tcpHealth,
  tlsHandshakes,
} from "../../lib/analyses/index.js";
import {
  type Capture,
  capture,
  malformed,
  openCapture,
  packets,
  packetsOf,
  saveCapture,
} from "../../lib/captures/index.js";
import { SkbookError } from "../../lib/errors/index.js";
import { localhost } from "../../lib/hosts/index.js";
import { scratchFolder } from "../../lib/tables/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { describeLive } from "../fixtures/needs.js";
import { corpus } from "./corpus.js";

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
  path = join(folder, "some.pcap");
  generateCapture(path, 1_000_000);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The code of the error that a call ends with; it names what was tried, what failed and what to do, and shows no stack. */
async function codeOf(call: () => Promise<unknown>): Promise<string> {
  const error = await call().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SkbookError)) throw new Error(`no error of skbook's: ${error}`);
  for (const text of [error.tried, error.failed, error.todo]) expect(text).not.toBe("");
  expect(error.message).not.toMatch(/\n\s+at .*:\d+/);
  return error.code;
}

const hostile: [string, string][] = [
  ["a null byte", "tcp\0x"],
  ["an option", "-w /nonexistent/x"],
  ["a line break", "tcp\nudp"],
  ["quotes", `tcp"'\``],
  ["a shell's words", "$(touch PWNED)`touch PWNED`;touch PWNED"],
  ["340 KB", `${"tcp.port == 1 || ".repeat(20_000)}tcp`],
];

describe("what a caller may give", () => {
  it.each(hostile)("%s is no filter, id, protocol or file, and a clear error says so", async (_, text) => {
    const opened = await openCapture(path);
    const codes = [
      await codeOf(() => packets(opened, { filter: text })),
      await codeOf(() => flows(opened, { bpf: text })),
      await codeOf(() => packetsOf(opened, text)),
      await codeOf(() => httpRequests(opened, { proto: text })),
      await codeOf(() => tlsHandshakes(opened, { filter: text })),
      await codeOf(() => openCapture(join(folder, text))),
    ];
    for (const code of codes)
      expect(code).toMatch(/^(BAD_FILTER|BAD_PARAMETER|NOTHING_MATCHES|FILE_NOT_FOUND)$/);
    expect(await codeOf(() => saveCapture(opened, "tcp 0", join(folder, "none", text)))).toBe("WRITE_FAILED");
    expect(existsSync("PWNED") || existsSync(join(folder, "PWNED"))).toBe(false);
  });

  it.each([
    { port: 70_000 },
    { ip: "300.1.1.1" },
    { from: "yesterday" },
    { from: Number.NaN },
    { prot: "tcp" },
    { flow: [] },
  ])("%j is refused before anything runs", async (filter) => {
    const opened = await openCapture(path);
    for (const analysis of [flows, httpRequests, tlsHandshakes])
      expect(await codeOf(() => analysis(opened, filter as never))).toBe("BAD_PARAMETER");
  });

  it.skipIf(process.getuid?.() !== 0).each(hostile)(
    "%s is no device and no capture filter",
    async (_, text) => {
      const options = { seconds: 0.1, saveAs: join(folder, "live.pcap") };
      const device = await codeOf(() => capture(localhost(), { ...options, device: text }));
      expect(device).toMatch(/^(UNKNOWN_DEVICE|BAD_PARAMETER)$/);
      const filter = await codeOf(() => capture(localhost(), { ...options, device: "lo", filter: text }));
      expect(filter).toMatch(/^(BAD_FILTER|BAD_PARAMETER)$/);
      expect(readdirSync(folder)).toEqual(["some.pcap"]);
    },
  );
});

const analyses: ((capture: Capture) => Promise<unknown>)[] = [
  packets,
  overview,
  flows,
  tcpHealth,
  dnsQueries,
  malformed,
  httpRequests,
  tlsHandshakes,
];

describe.skipIf(corpus === undefined)("input files", () => {
  it("are never written to, whatever reads them", async () => {
    const name = "edge_cut_mid_packet.pcap";
    const copy = join(folder, name);
    const bytes = readFileSync(join(corpus as string, name));
    writeFileSync(copy, bytes, { mode: 0o400 });
    const before = statSync(copy, { bigint: true });
    const opened = await openCapture(copy);
    for (const analysis of analyses) await analysis(opened);
    await saveCapture(opened, { proto: "http" }, join(folder, "saved.pcap"));
    const after = statSync(copy, { bigint: true });
    expect([after.ino, after.size, after.mtimeNs, after.ctimeNs]).toEqual([
      before.ino,
      before.size,
      before.mtimeNs,
      before.ctimeNs,
    ]);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
    rmSync(copy);
    rmSync(join(folder, "saved.pcap"));
  });

  it("that are damaged give rows or a clear error in application cells, too", async () => {
    const small = ["pcpp_four_ipv6_http_streams.pcap", "zeek_geneve-47101.pcap", "zeek_missing-syn.pcap"];
    for (const [index, name] of small.entries()) {
      const bytes = readFileSync(join(corpus as string, name));
      for (const part of [0.3, 0.7]) {
        const damaged = Buffer.from(bytes.subarray(0, Math.floor(bytes.length * part)));
        // Within packets, so that what tshark makes of them is not what was sent.
        for (let at = 400 + index; at < damaged.length; at += 997)
          damaged[at] = (damaged[at] as number) ^ 0x5a;
        const copy = join(folder, `damaged-${name}`);
        writeFileSync(copy, damaged);
        const outcome = async (analysis: (capture: Capture) => Promise<unknown>) =>
          analysis(await openCapture(copy)).then(
            () => "rows",
            (error) => (error instanceof SkbookError ? error.code : `RAW ${error}`),
          );
        for (const analysis of [httpRequests, tlsHandshakes])
          expect(["rows", "NOT_A_CAPTURE", "LINK_TYPE_UNKNOWN"]).toContain(await outcome(analysis));
        expect(readFileSync(copy).equals(damaged)).toBe(true);
        rmSync(copy);
      }
    }
    const empty = join(folder, "empty.pcap");
    writeFileSync(empty, "");
    expect(await (await httpRequests(await openCapture(empty))).count()).toBe(0);
    expect(await (await tlsHandshakes(await openCapture(empty))).count()).toBe(0);
    rmSync(empty);
    expect(readdirSync(scratchFolder())).toEqual([]);
  });
});

describeLive("outputs on a disk without room", ["root", "dumpcap"], () => {
  it("end with an error that says so, and are not left half written", async () => {
    const small = join(folder, "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "skbook-test", small]);
    try {
      const opened = await openCapture(path);
      const saveAs = join(small, "out");
      expect(await codeOf(() => saveCapture(opened, { from: 0 }, saveAs))).toBe("DISK_FULL");
      const during = () => execFileSync("ping", ["-q", "-c", "60", "-i", "0.01", "-s", "1400", "127.0.0.1"]);
      const live = { device: "lo", filter: "icmp", saveAs, during };
      expect(await codeOf(() => capture(localhost(), live))).toBe("DISK_FULL");
      expect(await codeOf(() => capture(localhost(), { ...live, lastBytes: 1e6 }))).toBe("DISK_FULL");
      const table = await packets(opened);
      expect(await codeOf(() => table.toParquet(saveAs))).toBe("DISK_FULL");
      expect(readdirSync(small)).toEqual([]);
    } finally {
      execFileSync("umount", ["-l", small]);
      rmSync(small, { recursive: true });
    }
  });
});
