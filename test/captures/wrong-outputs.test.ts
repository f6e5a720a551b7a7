import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  duplicateAcks,
  flows,
  frameSizes,
  protocolStatistics,
  retransmissions,
  rttSamples,
  tcpEndings,
  tcpHandshakes,
  tcpHealth,
  traffic,
  zeroWindows,
} from "../../lib/analyses/index.js";
import { openCapture, packets } from "../../lib/captures/index.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { ask, rowsOf } from "./ask.js";
import { ethernet, ip, type TcpOptions, tcp, writeCapture } from "./build.js";
import { corpus, expected } from "./corpus.js";

const folder = ownFolder();

const known = (name: string) => openCapture(join(corpus as string, name));

let written = 0;

/** A capture of segments between one client and one server: `[seconds, fromClient, segment]`. */
function conversation(segments: [number, boolean, TcpOptions][], ports = [40_000, 80]) {
  const [client, server] = ports as [number, number];
  const path = join(folder, `${++written}.pcap`);
  writeCapture(
    path,
    segments.map(([seconds, fromClient, options], index) => {
      const [src, dst] = fromClient ? ["192.0.2.1", "198.51.100.1"] : ["198.51.100.1", "192.0.2.1"];
      const segment = fromClient ? tcp(client, server, options) : tcp(server, client, options);
      return [seconds, ethernet(ip(src as string, dst as string, "tcp", segment, { id: index + 1 }))];
    }),
  );
  return openCapture(path);
}

/** A handshake without options; both ends' next sequence numbers are 101 and 501. */
const handshake: [number, boolean, TcpOptions][] = [
  [0, true, { seq: 100, flags: "SYN" }],
  [0.01, false, { seq: 500, ack: 101, flags: "SYN ACK" }],
  [0.02, true, { seq: 101, ack: 501, flags: "ACK" }],
];

/** Each of these is an answer that analyzers are known to get wrong. */
describe.skipIf(corpus === undefined)("outputs that others get wrong", () => {
  it("1: pcapng and gzip are read like any other file", async () => {
    const names = expected().filter(({ file, rc }) => /pcapng|gz/.test(file) && rc === 0);
    expect(names.length).toBeGreaterThan(8);
    for (const { file, frames, tcp_streams } of names) {
      const capture = await known(file);
      expect(await ask(frameSizes(capture), "SELECT sum(packets) FROM this")).toEqual([frames]);
      expect(await ask(tcpHandshakes(capture), "SELECT count(*) FROM this")).toEqual([tcp_streams]);
    }
  });

  it("2: of a cut capture every packet before the cut counts, and the answer says that it is partial", async () => {
    const capture = await known("edge_cut_mid_packet.pcap");
    expect(await (await packets(capture)).count()).toBe(1205);
    const health = await tcpHealth(capture);
    expect(await ask(health, "SELECT sum(packets) FROM this")).not.toEqual([0]);
    expect(health.provenance).toMatchObject({
      partial: true,
      notes: [expect.stringContaining("cut short"), expect.anything()],
    });
  });

  it("3: SACK, timestamps and window scale are on where both SYNs carry them", async () => {
    const options =
      "SELECT sack, timestamps, window_scaling, client_mss_bytes, client_window_shift FROM this";
    expect(await ask(tcpHandshakes(await known("live_veth_superframes.pcap")), options)).toEqual([
      true,
      true,
      true,
      1460,
      10,
    ]);
    const nano = await ask(tcpHandshakes(await known("tcpdump_tcp-handshake-nano.pcap")), options);
    expect(nano).toEqual([true, true, true, 1360, 7]);
    expect(await ask(tcpHandshakes(await conversation(handshake)), options)).toEqual([
      false,
      false,
      false,
      null,
      null,
    ]);
    const sack = await ask(
      tcpHandshakes(await known("zeek_retransmit-fast009.pcap")),
      "SELECT sack FROM this",
    );
    expect(sack).toEqual([true]);
  });

  it("4: flows of IPv6 have their five-tuples, each its own", async () => {
    const capture = await known("pcpp_four_ipv6_http_streams.pcap");
    const rows = await rowsOf(flows(capture), "SELECT client, client_port, server, server_port FROM this");
    expect(rows).toHaveLength(4);
    expect(new Set(rows.map(String)).size).toBe(4);
    for (const [client, port, server, serverPort] of rows) {
      expect([client, server]).toEqual([expect.stringContaining(":"), expect.stringContaining(":")]);
      expect([port, serverPort]).toEqual([expect.any(Number), expect.any(Number)]);
    }
    const layers = await rowsOf(
      protocolStatistics(capture),
      "SELECT protocol, packets FROM this WHERE layer = 'transport'",
    );
    expect(layers).toEqual([["tcp", 81]]);
  });

  it("5: a tunnelled flow has the inner addresses to its inner ports, the outer ones apart", async () => {
    const row = await ask(
      flows(await known("zeek_vxlan-encapsulated-http.pcap")),
      "SELECT client, client_port, server, server_port, client_outer, server_outer, tunnel FROM this",
    );
    expect(row).toEqual(["172.16.11.201", 40354, "54.86.237.188", 80, "10.1.200.131", "10.1.1.172", "vxlan"]);
  });

  it("6: round trips and reordering are measured, failed handshakes and resets found", async () => {
    // Four segments that tshark takes for out of order have newer timestamps than what came before them: they were sent again.
    const measured = await ask(
      tcpHealth(await known("live_veth_superframes.pcap")),
      "SELECT sum(retransmissions), sum(out_of_order), sum(rtt_samples) > 500 FROM this",
    );
    expect(measured).toEqual([7, 0, true]);
    const overtaken = await conversation([
      ...handshake,
      [0.1, true, { seq: 201, ack: 501, flags: "PSH ACK", payload: 100 }],
      [0.1001, true, { seq: 101, ack: 501, flags: "PSH ACK", payload: 100 }],
      [0.11, false, { seq: 501, ack: 301, flags: "ACK" }],
    ]);
    expect(
      await ask(tcpHealth(overtaken), "SELECT sum(out_of_order), sum(retransmissions) FROM this"),
    ).toEqual([1, 0]);
    const path = join(folder, "scan.pcap");
    const scan = Array.from({ length: 60 }, (_, index): [number, Buffer][] => {
      const probe = ethernet(
        ip("192.0.2.1", "198.51.100.1", "tcp", tcp(50_000, index + 1, { seq: 9, flags: "SYN" }), {
          id: index + 1,
        }),
      );
      const answer = (flags: string) =>
        ethernet(
          ip(
            "198.51.100.1",
            "192.0.2.1",
            "tcp",
            tcp(index + 1, 50_000, { seq: 7, ack: 10, flags, window: 0 }),
          ),
        );
      if (index < 20) return [[index, probe]];
      return [
        [index, probe],
        [index + 0.1, answer(index < 40 ? "RST ACK" : "SYN ACK")],
      ];
    });
    writeCapture(path, scan.flat());
    const outcomes = await rowsOf(
      tcpHandshakes(await openCapture(path)),
      "SELECT outcome, count(*) FROM this GROUP BY 1 ORDER BY 1",
    );
    expect(outcomes).toEqual([
      ["half open", 20],
      ["refused", 20],
      ["unanswered", 20],
    ]);
    const capture = await known("zeek_retransmit-fast009.pcap");
    const ending = await ask(tcpEndings(capture), `SELECT ending, "by", idle_ns > 60000000000 FROM this`);
    expect(ending).toEqual(["reset", "client", true]);
  });

  it("7: SYNs sent again, fast and spurious retransmissions are no timeouts", async () => {
    const kinds = async (name: string) =>
      rowsOf(retransmissions(await known(name)), "SELECT kind, count(*) FROM this GROUP BY 1 ORDER BY 1");
    // Of one byte that was not acknowledged yet, tshark says that it is a keep-alive when it is sent again.
    expect(await kinds("zeek_echo-connections.pcap.gz")).toEqual([
      ["rto", 22],
      ["syn", 241],
    ]);
    expect(await kinds("zeek_retransmit-timeout.pcapng")).toEqual([["spurious", 1]]);
    expect(await kinds("zeek_retransmit-fast009.pcap")).toEqual([
      ["fast", 1],
      ["recovery", 2],
    ]);
    const late = await conversation([
      ...handshake,
      [0.1, true, { seq: 101, ack: 501, flags: "PSH ACK", payload: 100 }],
      [0.4, true, { seq: 101, ack: 501, flags: "PSH ACK", payload: 100 }],
      [0.41, false, { seq: 501, ack: 201, flags: "ACK" }],
    ]);
    expect(await rowsOf(retransmissions(late), "SELECT kind, resent_bytes, waited_ns FROM this")).toEqual([
      ["rto", 100, 300_000_000],
    ]);
  });

  it("8: a stall is one event per direction, lasts until the window opens or for good, and a RST is none", async () => {
    const stalls = async (capture: Parameters<typeof zeroWindows>[0]) =>
      rowsOf(
        zeroWindows(capture),
        "SELECT receiver, duration_ns, recovered, ended_by, zero_windows, probes FROM this",
      );
    const data: [number, boolean, TcpOptions] = [
      1,
      true,
      { seq: 101, ack: 501, flags: "PSH ACK", payload: 100 },
    ];
    const zero = (seconds: number): [number, boolean, TcpOptions] => [
      seconds,
      false,
      { seq: 501, ack: 201, flags: "ACK", window: 0 },
    ];
    // The other direction keeps talking, with an open window: still one stall, not one for each of its packets.
    const oneStall = await conversation([
      ...handshake,
      data,
      zero(1.1),
      [2, true, { seq: 200, ack: 501, flags: "ACK" }],
      zero(2.1),
      [4, true, { seq: 200, ack: 501, flags: "ACK" }],
      zero(4.1),
      [24.8, false, { seq: 501, ack: 201, flags: "ACK", window: 500 }],
    ]);
    expect(await stalls(oneStall)).toEqual([["server", 23_700_000_000, true, "window update", 3, 2]]);
    const dead = await conversation([
      ...handshake,
      data,
      zero(1.1),
      [9.1, true, { seq: 200, ack: 501, flags: "ACK" }],
    ]);
    expect(await stalls(dead)).toEqual([["server", 8_000_000_000, false, "nothing", 1, 1]]);
    const both = await conversation([
      ...handshake,
      data,
      zero(1.1),
      [1.2, true, { seq: 201, ack: 501, flags: "ACK", window: 0 }],
      [2.2, true, { seq: 201, ack: 501, flags: "ACK", window: 9 }],
      [3.1, true, { seq: 201, ack: 501, flags: "RST ACK", window: 0 }],
    ]);
    expect(await stalls(both)).toEqual([
      ["server", 2_000_000_000, false, "reset", 1, 0],
      ["client", 1_000_000_000, true, "window update", 1, 0],
    ]);
    const reset = await conversation([
      ...handshake,
      data,
      [2, false, { seq: 501, ack: 201, flags: "RST ACK", window: 0 }],
    ]);
    expect(await stalls(reset)).toEqual([]);
  });

  it("9: a connection is one flow whatever its packets carry, and all of it is TCP", async () => {
    const capture = await known("zeek_ssh-dups.pcap");
    const rows = await rowsOf(flows(capture), "SELECT flow, client_packets + server_packets FROM this");
    expect(rows).toEqual([["tcp 0", 377]]);
    const mixed = await known("pcpp_example.pcap");
    const chosen = await ask(
      flows(mixed, { proto: "tcp" }),
      "SELECT sum(client_packets + server_packets), count(*) FROM this",
    );
    expect(chosen).toEqual([4492, 66]);
    const [http] = await ask(packets(mixed), "SELECT count(*) FROM this WHERE contains(protocols, ':http')");
    const talk = await ask(
      flows(mixed, { proto: "http" }),
      "SELECT bool_and(transport = 'tcp'), sum(client_packets + server_packets) FROM this",
    );
    expect(talk).toEqual([true, expect.any(Number)]);
    expect(talk[1]).toBeGreaterThan(Number(http));
  });

  it("10: bytes count as on the wire, whatever the snap length kept", async () => {
    const capture = await known("spindump_tcp_medium_snap80.pcap");
    const [bits, bytes] = await ask(
      packets(capture),
      "SELECT sum(wire_bytes) * 8e9 / (max(time_ns) - min(time_ns)), sum(wire_bytes) FROM this",
    );
    expect(bytes).toBe(53_075_654);
    const rate = await ask(
      tcpHealth(capture),
      "SELECT max(throughput_bits_per_second), sum(wire_bytes) FROM this",
    );
    expect(rate[1]).toBe(53_075_654);
    expect(Math.round(Number(bits) / 1e5)).toBe(1446);
    expect(Number(rate[0])).toBeGreaterThan(130e6);
    expect(await ask(traffic(capture), "SELECT sum(wire_bytes) FROM this")).toEqual([53_075_654]);
  });

  it("11: raw IP has no Ethernet header", async () => {
    for (const [name, tcpPackets] of [
      ["pcpp_raw_ip.pcap", 92],
      ["pcpp_four_ipv6_http_streams.pcap", 81],
    ] as const) {
      const layers = await rowsOf(
        protocolStatistics(await known(name)),
        "SELECT packets FROM this WHERE layer = 'transport' AND protocol = 'tcp'",
      );
      expect(layers).toEqual([[tcpPackets]]);
    }
    const layers = await rowsOf(
      protocolStatistics(await known("pcpp_raw_ip.pcap")),
      "SELECT layer, protocol, packets FROM this WHERE layer IN ('link', 'network') ORDER BY ALL",
    );
    expect(layers).toEqual([
      ["link", "raw", 100],
      ["network", "ip", 50],
      ["network", "ipv6", 50],
    ]);
  });

  it("12: packets that the capture has twice are no loss", async () => {
    const counts =
      "SELECT sum(packets), sum(retransmissions), sum(resent_bytes), sum(duplicate_acks) FROM this";
    const ssh = await tcpHealth(await known("zeek_ssh-dups.pcap"));
    expect(await ask(ssh, counts)).toEqual([97, 0, 0, 0]);
    expect(ssh.provenance.notes.join()).toContain("280 packets twice");
    const bridge = await known("live_bridge_any.pcap");
    expect(await ask(tcpHealth(bridge), counts)).toEqual([26, 1, 384, 0]);
    expect(await (await duplicateAcks(bridge)).count()).toBe(0);
  });

  it("13: the rate of loss goes by bytes and by direction", async () => {
    const rates = "SELECT sender, packets, retransmissions, resent_bytes, round(resent_percent, 3) FROM this";
    expect(await rowsOf(tcpHealth(await known("live_veth_superframes.pcap")), rates)).toEqual([
      ["client", 2801, 7, 357_656, 0.252],
      ["server", 1194, 0, 0, null],
    ]);
    expect(await rowsOf(tcpHealth(await known("edge_tcp_dupack.pcapng.gz")), rates)).toEqual([
      ["client", 5, 0, 0, null],
      ["server", 4, 1, 1368, 25],
    ]);
  });

  it("14: an address chooses whole conversations, of IPv6 too; times keep their nanoseconds and their zone", async () => {
    const mixed = await known("pcpp_raw_ip.pcap");
    const [client] = await ask(
      flows(mixed),
      "SELECT client FROM this WHERE contains(client, ':') AND transport = 'tcp'",
    );
    const chosen = await flows(mixed, { srcIp: String(client) });
    const sides = await ask(
      chosen,
      "SELECT bool_and(client_packets > 0 AND server_packets > 0), count(DISTINCT client) FROM this",
    );
    expect(sides).toEqual([true, 1]);
    const nano = await known("tcpdump_tcp-handshake-nano.pcap");
    const [start] = await ask(flows(nano), "SELECT CAST(start_ns AS VARCHAR) FROM this");
    expect(start).toBe("1418145369924505488");
    expect(nano.provenance.startedAt).toBe("2014-12-09T17:16:09.924505488Z");
    const whole = { from: "2014-12-09T18:16:09.924505488+01:00", to: "2014-12-09T17:16:09.924505488Z" };
    expect(await ask(flows(nano, whole), "SELECT client_packets, server_packets FROM this")).toEqual([1, 0]);
  });

  it("round trips leave out what was sent again", async () => {
    const again = await conversation([
      ...handshake,
      [0.1, true, { seq: 101, ack: 501, flags: "PSH ACK", payload: 100 }],
      [0.4, true, { seq: 101, ack: 501, flags: "PSH ACK", payload: 100 }],
      [0.45, false, { seq: 501, ack: 201, flags: "ACK" }],
      [0.5, true, { seq: 201, ack: 501, flags: "PSH ACK", payload: 100 }],
      [0.53, false, { seq: 501, ack: 301, flags: "ACK" }],
    ]);
    const samples = await rowsOf(rttSamples(again), `SELECT sender, rtt_ns, "by" FROM this`);
    expect(samples).toEqual([
      ["client", 10_000_000, "ack"],
      ["server", 10_000_000, "ack"],
      ["client", 30_000_000, "ack"],
    ]);
    expect(await ask(tcpHealth(again), "SELECT sum(retransmissions) FROM this")).toEqual([1]);
  });
});
