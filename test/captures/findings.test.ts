import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findings } from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { jupyterDisplay } from "../../lib/cell/index.js";
import { expectOneHealth } from "../findings/one-health.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { writeCapture } from "./build.js";
import { elsewhere, faults, healthy, lastSyn, later } from "./faults.js";
import { type Frames, Talk, together } from "./talk.js";

const folder = ownFolder();

let written = 0;
function write(frames: Frames, snapLength?: number): string {
  const path = join(folder, `${++written}.pcap`);
  writeCapture(path, frames, snapLength);
  return path;
}
const open = (frames: Frames) => openCapture(write(frames));

describe("findings", () => {
  it("says nothing of a capture in which all is well, and of every rule that it looked", async () => {
    const found = await findings(await open(healthy()));
    expect(found.ids).toEqual([]);
    expect(found.health).toEqual({ score: 100, grade: "EXCELLENT" });
    const rules = (found.checked.values as string[][]).map(([id, , , outcome]) => [id, outcome]);
    // Of these there is nothing at all in it.
    const idle = rules.filter(([, outcome]) => outcome !== "clean").map(([id]) => id);
    expect(idle).toEqual([
      ...[
        "CAPTURE_MISSED_PACKETS",
        "CAPTURE_ONE_SIDED",
        "CAPTURE_NO_ANSWERS",
        "TCP_BURST",
        "TCP_DUPLICATE_ACKS",
        "TCP_STALLED",
      ],
      ...[
        "ICMP_UNREACHABLE",
        "ICMP_TOO_BIG",
        "ICMP_REASSEMBLY",
        "ICMP_PARAMETER_PROBLEM",
        "ICMP_LOOP",
        "TRACEROUTE_SEEN",
        "ROUTING_LOOP",
      ],
    ]);
    expect(rules.map(([id]) => id).sort()).toEqual([...Object.keys(faults), ...elsewhere].sort());
  });

  for (const [rule, make] of Object.entries(faults)) {
    it(`${rule}: found where its fault is, and nothing else with it`, async () => {
      const { frames, snapLength, also = [] } = make();
      const found = await findings(await openCapture(write(frames, snapLength)));
      expect([...found.ids].sort()).toEqual([rule, ...also].sort());
      expectOneHealth(found);
      const { evidence, verdict, count, certain } = found.get(rule);
      expect(certain).toBe(true);
      expect(count).toBeGreaterThan(0);
      expect(evidence.shape[0]).toBe(count);
      expect(verdict).not.toMatch(/undefined|null|NaN|Invalid/);
      expect(found.get(rule).verify).toMatch(/^await \w+\(cap/);
    });
  }

  it("CAPTURE_DAMAGED: found where the file is cut, with its packets still judged", async () => {
    const path = write(faults.TCP_RESET?.().frames ?? []);
    const found = await openCapture(path).then(async (whole) => {
      expect((await findings(whole)).ids).not.toContain("CAPTURE_DAMAGED");
      await truncate(path, whole.facts.fileBytes - 10);
      return findings(await openCapture(path));
    });
    expect(found.ids).toEqual(["CAPTURE_DAMAGED", "TCP_RESET"]);
  });
});

describe("a verdict", () => {
  it("rests on no connection of which the capture is the fault", async () => {
    // Everything that the client sends is missing: its unanswered SYN ACKs prove nothing.
    const half = new Talk()
      .open()
      .exchange()
      .close()
      .frames.filter(([, bytes]) => bytes.readUInt16BE(34) === 80);
    const found = await findings(await open(together(half, later(30))));
    expectOneHealth(found);
    const failed = found.get("TCP_SETUP_FAILED");
    expect(failed).toMatchObject({ severity: "INFO", certain: false, doubts: ["CAPTURE_ONE_SIDED"] });
    expect(found.ids[0]).toMatch(/^CAPTURE_/);
  });

  it("waits for an answer that may come after the capture's end", async () => {
    const early = together(new Talk().open().exchange().close().frames, lastSyn());
    expect((await findings(await open(early))).ids).toEqual([]);
  });

  it("goes by thresholds that the caller sets, and shows them", async () => {
    const capture = await open(faults.TCP_RESENT?.().frames ?? []);
    const resent = (await findings(capture)).get("TCP_RESENT");
    expect(resent).toMatchObject({
      severity: "CRITICAL",
      unit: "%",
      thresholds: { percent: { value: 1, unit: "%" } },
    });
    expect(Number(resent.value)).toBeCloseTo((100 * 3000) / 43_000, 6);
    const mild = await findings(capture, {
      thresholds: { TCP_RESENT: { criticalPercent: 50, highPercent: 40 } },
    });
    expect(mild.get("TCP_RESENT")).toMatchObject({
      severity: "MEDIUM",
      thresholds: { criticalPercent: { value: 50 } },
    });
    const none = await findings(capture, {
      only: ["TCP_RESENT"],
      thresholds: { TCP_RESENT: { percent: 50, highPercent: 50, criticalPercent: 50 } },
    });
    expect(none.ids).toEqual([]);
    expect(none.checked.shape[0]).toBe(1);
    expect(() => none.get("TCP_RESENT")).toThrow("NOT_FOUND");
  });

  it("refuses rules and thresholds that don't exist", async () => {
    const capture = await open(healthy());
    const wrong = (options: object) =>
      expect(findings(capture, options as never)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await wrong({ only: ["TCP_LOST"] });
    await wrong({ thresholds: { TCP_LOST: { percent: 1 } } });
    await wrong({ thresholds: { TCP_RESENT: { percents: 1 } } });
    await wrong({ thresholds: { TCP_RESENT: { percent: "1" } } });
    await wrong({ ips: "192.0.2.1" });
  });

  it("counts all rows of evidence, and keeps the worst thousand", async () => {
    const scan: Frames = Array.from(
      { length: 1200 },
      (_, index) =>
        new Talk(10_000 + index, index / 1000).segment("client", { seq: 100, flags: "SYN" }).frames,
    ).flat();
    const found = await findings(await open(together(scan, later(30))));
    const { count, evidence } = found.get("TCP_SETUP_FAILED");
    expect(count).toBe(1200);
    expect(evidence.shape[0]).toBe(1000);
    expect(evidence.provenance.truncated).toBe(true);
  });

  it("is shown with causes, advice and a way to verify it, text off the wire escaped", async () => {
    const found = await findings(await open(together(...[faults.DNS_SLOW?.().frames ?? []])));
    const bundle = found[jupyterDisplay]();
    expect(bundle["text/plain"]).toContain(
      "MEDIUM   DNS_SLOW: 192.0.2.1 asked 198.51.100.1 for a.example (A) and waited 400.0 ms",
    );
    expect(bundle["text/html"]).toContain(
      "See for yourself: <code>await dnsQueries(cap, { flow: &quot;udp 0&quot; })</code>",
    );
    const one = found.get("DNS_SLOW")[jupyterDisplay]();
    expect(one["text/html"]).toContain("a.example");
    expect(one["text/plain"]).toContain("may be: the server has to ask others first");
  });
});
