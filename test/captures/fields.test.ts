import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { overview, tcpHealth } from "../../lib/analyses/index.js";
import { type Capture, malformed, openCapture, packets } from "../../lib/captures/index.js";
import { live, record, replay } from "../../lib/cases/index.js";
import { connect } from "../../lib/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { describeLive } from "../fixtures/needs.js";
import { startSshd } from "../fixtures/sshd.js";
import { ask } from "./ask.js";

let folder: string;
let path: string;
let asked: string;
const { PATH, XDG_CACHE_HOME } = process.env;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
  path = join(folder, "some.pcap");
  generateCapture(path, 2_000_000);
});
beforeEach(() => {
  process.env.XDG_CACHE_HOME = mkdtempSync(join(folder, "home-"));
  asked = join(folder, "asked");
  rmSync(asked, { force: true });
});
afterEach(() => {
  Object.assign(process.env, { PATH, XDG_CACHE_HOME });
  live();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder with a tshark of which some fields are gone, as a version has it that never had them. */
function tsharkWithout(...names: string[]): string {
  const bin = mkdtempSync(join(folder, "bin-"));
  const kept = names.map((name) => `$3 != "${name}"`).join(" && ");
  const list = `echo once >> ${asked}; /usr/bin/tshark -G fields | awk -F '\\t' '${kept}'`;
  const script = `#!/bin/sh\nif [ "$1" = -G ]; then ${list}; else exec /usr/bin/tshark "$@"; fi\n`;
  writeFileSync(join(bin, "tshark"), script, { mode: 0o755 });
  return bin;
}

const timesAsked = () => (existsSync(asked) ? readFileSync(asked, "utf8").trim().split("\n").length : 0);

async function counted(capture: Capture): Promise<unknown[]> {
  return ask(
    packets(capture),
    "SELECT count(*), count(tcp_seq_raw), count(retransmission), count(checksum), count(tcp_len_bytes) FROM this",
  );
}

describeLive("fields that a tshark doesn't have", ["tshark"], () => {
  it("are null in every row, and said aloud; its list is read once per version", async () => {
    const whole = (await counted(await openCapture(path))) as number[];
    expect(new Set(whole)).toEqual(new Set([whole[0]]));
    process.env.XDG_CACHE_HOME = mkdtempSync(join(folder, "home-"));
    process.env.PATH = `${tsharkWithout("tcp.seq_raw", "tcp.analysis.retransmission", "udp.checksum")}:${PATH}`;
    live();
    const capture = await openCapture(path);
    const all = whole[0];
    expect(await counted(capture)).toEqual([all, 0, 0, all, all]);
    const { notes } = (await packets(capture)).provenance;
    expect(notes).toEqual([
      expect.stringMatching(
        /^Unknown, so null .* TShark .* tcp_seq_raw \(tcp\.seq_raw\); retransmission \(tcp\.analysis\.retransmission\)\.$/,
      ),
    ]);
    expect((await tcpHealth(capture)).provenance.notes).toEqual(notes);
    expect((await overview(capture)).provenance.notes).toEqual(notes);
    await malformed(capture);
    const before = timesAsked();
    // A new session asks nothing more.
    live();
    expect(await counted(await openCapture(path))).toEqual([all, 0, 0, all, all]);
    await malformed(await openCapture(path));
    expect(timesAsked()).toBe(before);
    const kept = join(process.env.XDG_CACHE_HOME, "skbook", "fields");
    expect(readdirSync(kept)).toHaveLength(before);
  });

  it("end the cell where nothing works without them", async () => {
    process.env.PATH = `${tsharkWithout("tcp.stream", "_ws.malformed")}:${PATH}`;
    live();
    const capture = await openCapture(path);
    const refused = { code: "FIELD_UNKNOWN", failed: expect.stringContaining("tcp.stream") };
    await expect(packets(capture)).rejects.toMatchObject(refused);
    await expect(packets(capture, { filter: "tcp" })).rejects.toMatchObject(refused);
    await expect(malformed(capture)).rejects.toMatchObject({ code: "FIELD_UNKNOWN" });
  });

  it("are the same in a replay, without tshark", async () => {
    process.env.PATH = `${tsharkWithout("tcp.seq_raw", "icmp.seq")}:${PATH}`;
    const kept = join(folder, "case");
    await record(kept);
    const recorded = await openCapture(path);
    const rows = (await (await packets(recorded)).toFrame()).values;
    const { notes } = (await packets(recorded)).provenance;
    expect(notes[0]).toContain("icmp_seq (icmp.seq)");
    await malformed(recorded);
    process.env.PATH = "/nonexistent";
    await replay(kept);
    const replayed = await packets(await openCapture(path));
    expect((await replayed.toFrame()).values).toEqual(rows);
    expect(replayed.provenance.notes).toEqual(notes);
    await malformed(await openCapture(path));
  });
});

describeLive("fields that a remote tshark doesn't have", ["sshd", "tshark"], () => {
  it("are told from those that this machine's has", async () => {
    const bin = tsharkWithout("tcp.seq_raw");
    const sshd = await startSshd({ lines: () => [`SetEnv PATH=${bin}:/usr/bin:/bin`] });
    try {
      const host = await connect(sshd.destination, sshd.options);
      const there = await openCapture({ host, path });
      const [all, raw] = await counted(there);
      expect([Number(all) > 0, raw]).toEqual([true, 0]);
      expect((await packets(there)).provenance.notes).toHaveLength(1);
      const here = await openCapture(path);
      expect(await counted(here)).toEqual([all, all, all, all, all]);
      expect((await packets(here)).provenance.notes).toEqual([]);
      await host.close();
    } finally {
      sshd.stop();
    }
  });
});
