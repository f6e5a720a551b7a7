import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flows, overview, tcpHealth } from "../../lib/analyses/index.js";
import { capture, malformed, openCapture, packets } from "../../lib/captures/index.js";
import { record, replay, verifyCase } from "../../lib/cases/index.js";
import { jupyterDisplay } from "../../lib/cell/index.js";
import { localhost } from "../../lib/hosts/index.js";
import { corpus } from "./corpus.js";

let folder: string;
const path = process.env.PATH;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
});
afterAll(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true });
});

describe.skipIf(corpus === undefined || process.getuid?.() !== 0)("a case with captures", () => {
  it("replays without the file, tshark and tcpdump", async () => {
    const file = join(folder, "some.pcapng.gz");
    await copyFile(join(corpus as string, "edge_tcp_dupack.pcapng.gz"), file);
    let called = 0;
    const shown = async () => {
      const opened = await openCapture(file);
      const live = await capture(localhost(), {
        device: "lo",
        filter: "udp port 47022",
        during: () => (called += 1),
      });
      const filtered = await packets(opened, { filter: "tcp.len > 0" });
      const all = [
        opened,
        await packets(opened),
        filtered,
        await flows(opened),
        await overview(opened),
        live,
        await packets(live),
        await malformed(opened),
        await tcpHealth(opened),
        await flows(live, { bpf: "udp" }),
      ];
      const bundles = await Promise.all(all.map((item) => item[jupyterDisplay]()));
      // The first output of a process brings the script of all tables.
      const carrier = /<script type="text\/plain" class="skbook-table-script">[^<]*<\/script>\n?/;
      return bundles.map((bundle) => ({
        ...bundle,
        "text/html": String(bundle["text/html"]).replace(carrier, ""),
      }));
    };
    await record(join(folder, "case"));
    const recorded = await shown();
    expect(await verifyCase(join(folder, "case"))).toMatchObject({ intact: true });

    await rm(file);
    process.env.PATH = "/nonexistent";
    await replay(join(folder, "case"));
    expect(await shown()).toEqual(recorded);
    expect(called).toBe(2);
    const opened = await openCapture(file);
    expect(opened.path).toBeNull();
    await expect(packets(opened, { filter: "udp" })).rejects.toMatchObject({ code: "NOT_RECORDED" });
    await expect(openCapture("other.pcap")).rejects.toMatchObject({ code: "NOT_RECORDED" });
  });
});
