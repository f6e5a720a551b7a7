import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  dnsQueries,
  dnsServers,
  duplicateAcks,
  flows,
  overview,
  pingSummary,
  pings,
  quality,
  retransmissions,
  rttSamples,
  selectiveAcks,
  tcpEndings,
  tcpGaps,
  tcpHandshakes,
  tcpHealth,
  traffic,
  zeroWindows,
} from "../../lib/analyses/index.js";
import { type Capture, openCapture, packets } from "../../lib/captures/index.js";
import { ask } from "./ask.js";
import { generate, hasGenerator, type Truth } from "./generated.js";

/** The same holds for any size: SKBOOK_GENERATED_BYTES=100000000 and more for a long run. */
const bytes = Number(process.env.SKBOOK_GENERATED_BYTES ?? 12_000_000);

describe.skipIf(!hasGenerator)("a capture whose faults are known", { timeout: 900_000 }, () => {
  let folder: string;
  let truth: Truth;
  let capture: Capture;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
    const generated = generate(folder, bytes);
    truth = generated.truth;
    capture = await openCapture(generated.path);
    await packets(capture);
  }, 900_000);
  afterAll(() => rm(folder, { recursive: true }));

  it("has every kind of fault", () => {
    const {
      syn_retrans,
      fast_retrans,
      rto_retrans,
      zero_window,
      rst,
      dns_timeout,
      dns_retrans,
      icmp_req,
      icmp_rep,
    } = truth;
    for (const count of [
      syn_retrans,
      fast_retrans,
      rto_retrans,
      zero_window,
      rst,
      dns_timeout,
      dns_retrans,
    ]) {
      expect(count).toBeGreaterThan(0);
    }
    expect(icmp_rep).toBeLessThan(icmp_req);
  });

  it("packets and conversations", async () => {
    const rows = await overview(capture);
    const value = (metric: string) =>
      rows.values.find((row) => (row as unknown[])[0] === metric)?.[1 as never];
    expect(value("packets")).toBe(truth.packets);
    expect(value("TCP")).toBe(truth.tcp_pkts);
    expect(value("UDP")).toBe(truth.udp_pkts);
    expect(value("ICMP and ICMPv6")).toBe(truth.icmp_pkts);
    const tcp = await ask(flows(capture), "SELECT count(*), sum(copies) FROM this WHERE transport = 'tcp'");
    expect(tcp).toEqual([truth.tcp_conns, 0]);
    const total = await ask(traffic(capture, { binMs: 250 }), "SELECT sum(packets) FROM this");
    expect(total).toEqual([truth.packets]);
  });

  it("retransmissions by kind, in events and by direction", async () => {
    const wanted = [truth.syn_retrans, truth.fast_retrans, truth.rto_retrans, truth.spurious, 0];
    const events = await ask(
      retransmissions(capture),
      `SELECT ${["syn", "fast", "rto", "spurious", "recovery"].map((kind) => `count(*) FILTER (kind = '${kind}')`)} FROM this`,
    );
    expect(events).toEqual(wanted);
    const sums = await ask(
      tcpHealth(capture),
      `SELECT ${["syn", "fast", "rto", "spurious", "recovery"].map((kind) => `sum(${kind}_retransmissions)`)} FROM this`,
    );
    expect(sums).toEqual(wanted);
    // What came back by D-SACK was needless, and nothing else was.
    const needless = await ask(
      retransmissions(capture),
      "SELECT count(*), coalesce(bool_and(kind = 'spurious'), true) FROM this WHERE needless",
    );
    expect(needless).toEqual([truth.spurious, true]);
  });

  it("acks, windows, resets and what is out of order", async () => {
    const sums = await ask(
      tcpHealth(capture),
      "SELECT sum(out_of_order), sum(zero_windows), sum(keep_alives), sum(rst), sum(dsacks), sum(duplicate_acks) FROM this",
    );
    const { reordered, zero_window, keep_alive, zero_window_probe, rst, dsack, dup_acks } = truth;
    expect(sums.slice(0, 5)).toEqual([reordered, zero_window, keep_alive + zero_window_probe, rst, dsack]);
    // After delayed acks the first repetition acknowledges something, too; tshark counts D-SACKs of what was acknowledged before as well.
    const [byTshark] = await ask(packets(capture), "SELECT count(duplicate_ack) FROM this");
    expect(sums[5]).toBe(Number(byTshark) - dsack);
    expect(sums[5]).toBeLessThanOrEqual(dup_acks);
    expect(await ask(duplicateAcks(capture), "SELECT sum(duplicate_acks) FROM this")).toEqual([sums[5]]);
    const sacks = await ask(
      selectiveAcks(capture),
      "SELECT count(*) FILTER (dsack), count(*) FILTER (NOT dsack) FROM this",
    );
    // A packet out of order makes its receiver send one more.
    expect(sacks).toEqual([dsack, dup_acks + reordered]);
    const gaps = await ask(
      tcpGaps(capture),
      "SELECT count(*), count(*) FILTER (explanation = 'out of order') FROM this",
    );
    expect(gaps).toEqual([reordered, reordered]);
  });

  it("stalls: one for each window that closed, all recovered", async () => {
    const stalls = await ask(
      zeroWindows(capture),
      "SELECT count(*), sum(zero_windows), sum(probes), bool_and(recovered), bool_and(receiver = 'client') FROM this",
    );
    const { zero_window, zero_window_probe } = truth;
    expect(stalls).toEqual([zero_window_probe / 3, zero_window, zero_window_probe, true, true]);
    // 200, 400 and 800 ms between the probes, a round trip and 30 ms.
    const [shortest] = await ask(zeroWindows(capture), "SELECT min(duration_ns) FROM this");
    expect(Number(shortest)).toBeGreaterThan(1_430_000_000);
  });

  it("handshakes, their options, and endings", async () => {
    const [syns, retries, options, unanswered, refused, rest] = await ask(
      tcpHandshakes(capture),
      `SELECT sum(syns), sum(syns - 1),
        count(*) FILTER (outcome = 'established' AND window_scaling AND sack AND timestamps AND NOT ecn
          AND client_mss_bytes = 1460 AND server_mss_bytes = 1460 AND client_window_shift = 7 AND server_window_shift = 7),
        count(*) FILTER (outcome = 'unanswered'), count(*) FILTER (outcome = 'refused'),
        count(*) FILTER (outcome NOT IN ('established', 'unanswered', 'refused')) FROM this`,
    );
    expect([syns, retries, rest]).toEqual([truth.syn, truth.syn_retrans, 0]);
    expect(unanswered).toBe(truth.syn_retrans / 2);
    expect(options).toBe(truth.tcp_conns - Number(unanswered) - Number(refused));
    const endings = await ask(
      tcpEndings(capture),
      `SELECT count(*) FILTER (ending = 'closed'), count(*) FILTER (ending = 'reset'), count(*) FILTER (ending = 'refused'),
        count(*) FILTER (ending = 'unanswered') FROM this`,
    );
    const reset = truth.rst - Number(refused);
    expect(endings).toEqual([Number(options) - reset, reset, refused, unanswered]);
    // The capture lies beside the server, 20 µs from its answer.
    expect(
      await ask(
        tcpHandshakes(capture),
        "SELECT min(server_ns), max(server_ns) FROM this WHERE outcome = 'established'",
      ),
    ).toEqual([20_000, 20_000]);
  });

  it("round trips: none of what was sent again", async () => {
    const [resent] = await ask(
      rttSamples(capture),
      `SELECT count(*) FROM this WHERE "by" = 'ack' AND rtt_ns > 300000000 + 200000000`,
    );
    expect(resent).toBe(0);
    const samples = await ask(rttSamples(capture), `SELECT count(*) FROM this WHERE "by" = 'ack'`);
    expect(await ask(tcpHealth(capture), "SELECT sum(rtt_samples) FROM this")).toEqual(samples);
  });

  it("DNS: answers, repetitions, silence", async () => {
    const sums = await ask(
      dnsQueries(capture),
      `SELECT sum(queries), sum(responses), sum(queries - 1), count(*) FILTER (responses = 0), count(*) FILTER (rcode = 'NXDOMAIN'),
        count(*) FILTER (answered IS NULL AND responses > 0) FROM this`,
    );
    const { dns_q, dns_r, dns_retrans, dns_timeout, dns_nx } = truth;
    expect(sums).toEqual([dns_q, dns_r, dns_retrans, dns_timeout, dns_nx, 0]);
    const servers = await ask(
      dnsServers(capture),
      "SELECT sum(answered), sum(unanswered), sum(repeated_queries), sum(nxdomain), count(*) FROM this",
    );
    expect(servers).toEqual([dns_r, dns_timeout, dns_retrans, dns_nx, 2]);
  });

  it("pings: replies and loss", async () => {
    const { icmp_req, icmp_rep } = truth;
    const each = await ask(
      pings(capture),
      "SELECT count(*), count(*) FILTER (answered), count(rtt_ns) FROM this",
    );
    expect(each).toEqual([icmp_req, icmp_rep, icmp_rep]);
    const summed = await ask(
      pingSummary(capture),
      "SELECT sum(requests), sum(answered), sum(missing_requests), sum(duplicate_replies) FROM this",
    );
    expect(summed).toEqual([icmp_req, icmp_rep, 0, 0]);
  });

  it("nothing wrong with the capture itself", async () => {
    const found = await (await quality(capture)).sql(
      `SELECT "check", count FROM this WHERE count > 0 AND "check" NOT IN ('gaps before a packet', 'TCP seen in one direction only')`,
    );
    expect(found.values).toEqual([]);
  });
});
