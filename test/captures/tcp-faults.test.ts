import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  findings,
  rttSamples,
  selectiveAcks,
  tcpEndings,
  tcpGaps,
  tcpHandshakes,
  tcpHealth,
  tcpTurns,
} from "../../lib/analyses/index.js";
import { openCapture } from "../../lib/captures/index.js";
import { ask, rowsOf } from "./ask.js";
import { corpus } from "./corpus.js";

const folder = join(corpus ?? "", "faults");
const known = (name: string) => openCapture(join(folder, name));
const there = corpus !== undefined && existsSync(folder);
if (!there)
  console.warn("LEFT OUT: tests against captures that are answered wrongly elsewhere (set SKBOOK_SHARED)");

/** Of each of these a capture is known that was answered wrongly. */
describe.skipIf(!there)("TCP that is easily taken for something else", { timeout: 60_000 }, () => {
  it("Accurate ECN is ECN", async () => {
    expect(await ask(tcpHandshakes(await known("accurate-ecn.pcap")), "SELECT ecn FROM this")).toEqual([
      true,
    ]);
  });

  it("acks whose options are cut are counted as those of the whole file", async () => {
    const counts = `SELECT sum(duplicate_acks), sum(rtt_samples) > 10 FROM this`;
    expect(await ask(tcpHealth(await known("acks-cut-by-snap-length.pcap")), counts)).toEqual([53, true]);
    expect(await ask(tcpHealth(await known("rtt-of-data-behind-a-hole.pcap")), counts)).toEqual([53, true]);
  });

  it("a server isn't slow before 1970", async () => {
    expect((await findings(await known("before-1970.pcapng"))).ids).not.toContain("TCP_SLOW_SERVER");
  });

  it("no round trip is below zero where the clock steps back", async () => {
    const capture = await known("clock-step-back.pcap");
    expect(await ask(rttSamples(capture), "SELECT count(*) > 100, min(rtt_ns) >= 0 FROM this")).toEqual([
      true,
      true,
    ]);
    const health = "SELECT min(rtt_min_ns), max(rtt_mean_ns) < 100000000, sum(resent_bytes) FROM this";
    expect(await ask(tcpHealth(capture), health)).toEqual([100_000, true, 0]);
  });

  it("data of a SYN that the server ignored is sent again; nobody waits for it", async () => {
    const capture = await known("fast-open-ignored.pcap");
    expect(await rowsOf(tcpTurns(capture), "SELECT sender, wait_ns FROM this WHERE turn <= 2")).toEqual([
      ["client", null],
      ["server", 11_402_000],
    ]);
    expect(await ask(tcpHandshakes(capture), "SELECT syns, setup_ns FROM this")).toEqual([11, 2_077_416_000]);
    expect((await findings(capture)).ids).not.toContain("TCP_SLOW_SERVER");
  });

  it.each([
    ["fin-of-client-then-rst-of-server.pcap", "server", 610_409_000, 303_278_000],
    ["fin-of-server-then-rst-of-client.pcap", "client", 36_638_073_000, 1_060_113_000],
  ])("%s: reset by who sent the RST", async (name, by, after, idle) => {
    const ending = await ask(
      tcpEndings(await known(name)),
      'SELECT ending, "by", after_ns, idle_ns FROM this',
    );
    expect(ending).toEqual(["reset", by, after, idle]);
  });

  it("a SACK block that begins before the ack says nothing of what lies before it", async () => {
    const capture = await known("fin-of-server-then-rst-of-client.pcap");
    const sums = "SELECT sacked_bytes, missing_bytes FROM this WHERE frame = 29";
    expect(await ask(selectiveAcks(capture), sums)).toEqual([628, 0]);
  });

  it("an ack that is captured before its data makes no loss", async () => {
    const capture = await known("mirror-ack-before-data.pcap");
    const sums =
      "SELECT sum(resent_bytes), sum(retransmissions), sum(unseen_acked), sum(payload_bytes) FROM this";
    expect(await ask(tcpHealth(capture), sums)).toEqual([0, 0, 0, 60_000]);
    const late = "SELECT DISTINCT explanation FROM this";
    expect(await rowsOf(tcpGaps(capture), late)).toEqual([["captured after its ack"]]);
    const { ids } = await findings(capture);
    for (const rule of ["TCP_RESENT", "TCP_BURST", "CAPTURE_MISSED_PACKETS"]) expect(ids).not.toContain(rule);
  });

  it("of segments that overlap only the overlap was sent before", async () => {
    const client = "SELECT resent_bytes FROM this WHERE sender = 'client'";
    expect(await ask(tcpHealth(await known("padded-acks-then-data.pcap")), client)).toEqual([5]);
    const partly = await known("partly-overlapping-segments.pcap");
    const of = (columns: string, ports: string) =>
      rowsOf(
        tcpHealth(partly),
        `SELECT ${columns} FROM this WHERE sender = 'server' AND client_port IN (${ports})`,
      );
    expect(await of("payload_bytes, resent_bytes, round(resent_percent)", "40007")).toEqual([[44, 12, 27]]);
    const missed = "SELECT sum(unseen_acked) FROM this WHERE client_port IN (40003, 40006, 40007)";
    expect(await ask(tcpHealth(partly), missed)).toEqual([0]);
  });

  it("what lies behind a hole measures no round trip", async () => {
    const capture = await known("rtt-of-data-behind-a-hole.pcap");
    expect(await ask(tcpHealth(capture), "SELECT max(rtt_median_ns) <= 200000 FROM this")).toEqual([true]);
    expect((await findings(capture)).ids).not.toContain("TCP_SLOW_PATH");
  });

  it("a SYN ACK that is lost behind the capture costs the time until the next one", async () => {
    const setup = "SELECT retry_ns, setup_ns, handshake_ns FROM this";
    expect(await ask(tcpHandshakes(await known("syn-ack-lost.pcap")), setup)).toEqual([
      3_060_000_000, 3_080_000_000, 20_000_000,
    ]);
  });

  it("options that are cut are unknown", async () => {
    const capture = await known("syn-options-cut.pcap");
    const options = "SELECT sack, window_scaling, timestamps FROM this";
    expect(await ask(tcpHandshakes(capture), options)).toEqual([null, null, null]);
    expect((await findings(capture)).ids).not.toContain("TCP_OPTIONS_OFF");
  });

  it("two tenants with the same addresses have a sequence space each", async () => {
    const capture = await known("vxlan-tenants-same-addresses.pcap");
    const sums = "SELECT count(DISTINCT flow), sum(resent_bytes), sum(gaps), sum(unseen_acked) FROM this";
    expect(await ask(tcpHealth(capture), sums)).toEqual([2, 0, 0, 0]);
  });
});
