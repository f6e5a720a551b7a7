import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findings } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { expectOneHealth } from "../findings/one-health.js";
import { someOf } from "../fixtures/sweep.js";
import { corpus, expected } from "./corpus.js";
import { elsewhere, faults } from "./faults.js";

describe.skipIf(corpus === undefined)("findings of known captures", () => {
  const found = async (name: string) => findings(await openCapture(join(corpus as string, name)));

  const readable = expected().filter(({ rc, frames }) => rc === 0 || frames !== 0);
  const files = someOf("known captures with findings", readable, 15);

  it(`are there for ${files.length} files that can be opened`, async () => {
    for (const { file } of files) {
      const all = await found(file);
      expect(all.checked.shape[0], file).toBe(Object.keys(faults).length + elsewhere.length);
      expectOneHealth(all);
    }
  }, 300_000);

  it("take nothing for loss that the capture made", async () => {
    const doubled = await found("zeek_ssh-dups.pcap");
    expect(doubled.ids).toEqual(["CAPTURE_COPIES", "CAPTURE_CHECKSUM_OFFLOAD"]);
    const bridged = await found("live_bridge_any.pcap");
    expect(bridged.ids.filter((id) => !id.startsWith("CAPTURE_"))).toEqual([]);
    const offloaded = await found("live_veth_superframes.pcap");
    expect(offloaded.ids).toContain("CAPTURE_SUPER_FRAMES");
    expect(offloaded.ids).not.toContain("TCP_RESENT");
  });
});
