import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flows } from "../../lib/analyses/index.js";
import { openCapture, packets, packetsOf, saveCapture } from "../../lib/captures/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { corpus } from "./corpus.js";

const folder = ownFolder();

const same =
  "time_ns, wire_bytes, captured_bytes, protocol, src, dst, src_port, dst_port, tcp_seq_raw, comment";

describe("packetsOf and saveCapture", () => {
  it("give the packets of one row of flows(), and a file of just these", async () => {
    const path = join(folder, "many.pcap");
    generateCapture(path, 1_000_000);
    const before = await readFile(path);
    const capture = await openCapture(path);
    const [flow, sent, answered] = (
      await (
        await flows(capture)
      ).sql("SELECT flow, client_packets, server_packets FROM this LIMIT 1 OFFSET 5")
    ).values[0] as [string, number, number];
    const behind = await packetsOf(capture, flow);
    expect(await behind.count()).toBe(sent + answered);
    const sides = await behind.sql(
      "SELECT flow, sender, count(*) FROM this WHERE NOT copy GROUP BY ALL ORDER BY sender",
    );
    expect(sides.values).toEqual([
      [flow, "client", sent],
      [flow, "server", answered],
    ]);
    const saved = await saveCapture(capture, flow, join(folder, "one.pcap"));
    expect(saved.facts).toMatchObject({ fileType: "pcap", packets: sent + answered, partial: false });
    const rows = async (table: typeof behind) =>
      (await table.sql(`SELECT ${same} FROM this ORDER BY frame`)).values;
    expect(await rows(await packets(saved))).toEqual(await rows(behind));
    await expect(saveCapture(capture, flow, join(folder, "one.pcap"))).rejects.toMatchObject({
      code: "FILE_EXISTS",
    });
    await expect(saveCapture(capture, "tcp 99999", join(folder, "none.pcap"))).rejects.toMatchObject({
      code: "NOTHING_MATCHES",
    });
    expect((await readFile(path)).equals(before)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(["many.pcap", "one.pcap"]);
  });

  it.skipIf(corpus === undefined)("keep comments and interfaces, and read compressed files", async () => {
    for (const name of [
      "edge_comments.pcapng",
      "zeek_pcapng-multi-interface.pcapng",
      "edge_tcp_dupack.pcapng.gz",
    ]) {
      const capture = await openCapture(join(corpus as string, name));
      const columns = `${same}, interface`;
      const saved = await saveCapture(capture, { from: 0 }, join(folder, `saved-${name}`));
      const all = await (await packets(capture)).sql(`SELECT ${columns} FROM this ORDER BY frame`);
      const kept = await (await packets(saved)).sql(`SELECT ${columns} FROM this ORDER BY frame`);
      expect(kept.values).toEqual(all.values);
    }
  });
});
