import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { flows, httpRequests, overview, tlsHandshakes } from "../../lib/analyses/index.js";
import { openCapture, packets } from "../../lib/captures/index.js";
import { live, record, replay } from "../../lib/cases/index.js";
import { connect, type Host } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import { corpus } from "./corpus.js";
import { writePcapng } from "./pcapng.js";
import { Talk } from "./talk.js";

let folder: string;
const path = process.env.PATH;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
});
afterEach(() => {
  process.env.PATH = path;
  live();
});
afterAll(() => rm(folder, { recursive: true }));

const names =
  corpus === undefined ? [] : ["pcpp_example.pcap", "edge_cut_mid_packet.pcap", "edge_tcp_dupack.pcapng.gz"];

/** Rows and columns of every kind of analysis. */
async function analysed(capture: Awaited<ReturnType<typeof openCapture>>): Promise<unknown[]> {
  const table = await packets(capture);
  const filtered = await packets(capture, { filter: "tcp.len > 0" });
  const frames = [
    await table.toFrame(),
    await filtered.toFrame(),
    await flows(capture),
    await overview(capture),
    await (await httpRequests(capture)).toFrame(),
    await (await tlsHandshakes(capture)).toFrame(),
  ];
  return [capture.facts, ...frames.flatMap((frame) => [frame.schema, frame.values])];
}

describeLive("a capture on another host", ["sshd", "tshark"], () => {
  let sshd: Sshd;
  let host: Host;
  beforeAll(async () => {
    sshd = await startSshd();
    host = await connect(sshd.destination, sshd.options);
  });
  afterAll(async () => {
    await host?.close();
    sshd?.stop();
  });

  it.each(names)("%s says the same here, there and fetched, and in a replay", async (name) => {
    const file = join(folder, name);
    await copyFile(join(corpus as string, name), file);
    const here = await analysed(await openCapture(file));
    await record(join(folder, `${name}.case`));
    const opened = await openCapture({ host, path: file });
    expect(opened.provenance.host).toBe(host.name);
    const there = await analysed(opened);
    expect(there).toEqual(here);
    const copy = join(folder, `fetched-${name}`);
    const fetched = await opened.fetch({ saveAs: copy });
    expect(fetched.path).toBe(copy);
    const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    expect(hash(await readFile(copy))).toBe(hash(await readFile(file)));
    expect(fetched.sha256).toBe(hash(await readFile(file)));
    expect(await analysed(fetched)).toEqual(here);
    expect(await analysed(await opened.fetch())).toEqual(here);

    await rm(file);
    process.env.PATH = "/nonexistent";
    await replay(join(folder, `${name}.case`));
    const recorded = await connect(sshd.destination);
    const again = await openCapture({ host: recorded, path: file });
    expect(again.path).toBeNull();
    expect(await analysed(again)).toEqual(here);
    expect(await analysed(await again.fetch())).toEqual(here);
  });

  it("says what a pcapng file's blocks say, too", async () => {
    const frames = new Talk().open().exchange(3).close().frames;
    const packets = frames.map(([seconds, frame], at) => ({
      ...{ seconds, frame, interface: at % 2 },
      ...(at % 5 === 0 ? { dropped: 2 } : {}),
    }));
    const file = join(folder, "blocks.pcapng");
    writePcapng(file, packets, [{ name: "veth1", dropped: 30 }, { name: "veth2" }]);
    const zipped = join(folder, "blocks.pcapng.gz");
    await writeFile(zipped, gzipSync(await readFile(file)));
    for (const path of [file, zipped]) {
      const { facts } = await openCapture(path);
      expect(facts.lost).toBeGreaterThan(30);
      expect(facts.interfaces).toEqual(["veth1", "veth2"]);
      expect((await openCapture({ host, path })).facts).toEqual(facts);
    }
  });

  it("says what can't be opened, and what changed since", async () => {
    await mkdir(join(folder, "sub"));
    const open = (file: string) => openCapture({ host, path: join(folder, file) });
    await expect(open("none")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(open("sub")).rejects.toMatchObject({ code: "NOT_A_FILE" });
    await writeFile(join(folder, "zeros"), Buffer.alloc(1000));
    await expect(open("zeros")).rejects.toMatchObject({ code: "NOT_A_CAPTURE" });
    if (corpus === undefined) return;
    await copyFile(join(corpus, "pcpp_sll.pcap"), join(folder, "changing.pcap"));
    const capture = await open("changing.pcap");
    await copyFile(join(corpus, "pcpp_raw_ip.pcap"), join(folder, "changing.pcap"));
    await expect(packets(capture)).rejects.toMatchObject({ code: "FILE_CHANGED" });
    await expect(capture.fetch()).rejects.toMatchObject({ code: "FILE_CHANGED" });
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  });
});
