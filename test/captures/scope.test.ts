import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flows, frameSizes, icmpErrors, tcpHealth } from "../../lib/analyses/index.js";
import {
  type Capture,
  openCapture,
  packets,
  packetsOf,
  type TrafficFilter,
} from "../../lib/captures/index.js";
import { ask, rowsOf } from "./ask.js";
import { dns, ethernet, icmp, ip, tcp, udp, vxlan, writeCapture } from "./build.js";
import { corpus } from "./corpus.js";

const v4 = ["192.0.2.1", "198.51.100.1"] as const;
const v6 = ["2001:db8::1", "2001:db8:1::1"] as const;

/** One TCP connection of each version, one in VXLAN, a DNS question that meets a port unreachable, a ping. */
function frames(): [number, Buffer][] {
  const syn = tcp(40_000, 443, { seq: 1, flags: "SYN" });
  const synAck = tcp(443, 40_000, { seq: 1, ack: 2, flags: "SYN ACK" });
  const question = ip(v4[0], v4[1], "udp", udp(5353, 53, dns(7, "example.net")), { id: 9 });
  const inner = ethernet(
    ip("10.0.0.1", "10.0.0.2", "tcp", tcp(50_000, 80, { seq: 1, flags: "SYN" }), { id: 3 }),
  );
  return [
    [0, ethernet(ip(...v4, "tcp", syn, { id: 1 }))],
    [0.1, ethernet(ip(v4[1], v4[0], "tcp", synAck, { id: 2 }))],
    [1, ethernet(ip(...v6, "tcp", syn))],
    [1.1, ethernet(ip(v6[1], v6[0], "tcp", synAck))],
    [2, ethernet(ip("203.0.113.1", "203.0.113.2", "udp", udp(33_000, 4789, vxlan(77, inner)), { id: 4 }))],
    [3, ethernet(question)],
    [3.1, ethernet(ip(v4[1], v4[0], "icmp", icmp(3, 3, [0, 0], question.subarray(0, 28)), { id: 5 }))],
    [4, ethernet(ip(...v6, "icmpv6", icmp(128, 0, [5, 1], Buffer.alloc(16))))],
    [4.01, ethernet(ip(v6[1], v6[0], "icmpv6", icmp(129, 0, [5, 1], Buffer.alloc(16))))],
  ];
}

describe("a filter", () => {
  let folder: string;
  let capture: Capture;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
    const path = join(folder, "mixed.pcap");
    writeCapture(path, frames());
    capture = await openCapture(path);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const chosen = async (filter: TrafficFilter) =>
    (await rowsOf(flows(capture, filter), "SELECT flow FROM this")).map(([flow]) => flow);

  it("counts from the first packet of the capture, whatever else is asked", async () => {
    // The question of DNS is 3 s into the capture, and the first packet that the display filter leaves.
    expect(await chosen({ filter: "udp.port == 53 && !icmp", from: 2.5, to: 3.5 })).toEqual(["udp 1"]);
    expect(await chosen({ bpf: "udp port 53", from: 2.5, to: 3.5 })).toHaveLength(1);
    await expect(chosen({ filter: "udp.port == 53 && !icmp", from: 0, to: 2 })).rejects.toMatchObject({
      code: "NOTHING_MATCHES",
    });
  });

  it("takes what belongs to no conversation", async () => {
    const arp = Buffer.from(
      "ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002",
      "hex",
    );
    const path = join(folder, "arp.pcap");
    writeCapture(path, [...frames(), [5, arp]]);
    const withArp = await openCapture(path);
    const requests = await packetsOf(withArp, { proto: "arp" });
    expect(await rowsOf(requests, "SELECT protocol, flow, sender FROM this")).toEqual([["ARP", null, null]]);
    await expect(packetsOf(withArp, { proto: "ospf" })).rejects.toMatchObject({ code: "NOTHING_MATCHES" });
  });

  it("chooses conversations by address or prefix of either version, by end", async () => {
    expect(await chosen({})).toHaveLength(6);
    expect(await chosen({ ip: "192.0.2.0/24" })).toEqual(["tcp 0", "udp 1", "icmp 192.0.2.1 198.51.100.1"]);
    expect(await chosen({ ip: "2001:DB8:0::1" })).toEqual(["tcp 1", "icmpv6 2001:db8:1::1 2001:db8::1 5"]);
    expect(await chosen({ srcIp: "2001:db8::/48", proto: "tcp" })).toEqual(["tcp 1"]);
    expect(await chosen({ dstIp: [v6[1], v4[1]], port: 443 })).toEqual(["tcp 0", "tcp 1"]);
    const [sent, answered] = await ask(
      flows(capture, { srcIp: v4[0], port: 443 }),
      "SELECT client_packets, server_packets FROM this",
    );
    expect([sent, answered]).toEqual([1, 1]);
  });

  it("chooses by port, protocol, flow and time; ICMP errors come with the conversation that they are about", async () => {
    expect(await chosen({ port: [443, 53] })).toEqual([
      "tcp 0",
      "tcp 1",
      "udp 1",
      "icmp 192.0.2.1 198.51.100.1",
    ]);
    expect(await chosen({ proto: "udp" })).toEqual(["udp 1", "icmp 192.0.2.1 198.51.100.1"]);
    expect(await chosen({ proto: "vxlan" })).toEqual(["tcp 2 77"]);
    expect(await chosen({ proto: "icmpv6" })).toHaveLength(1);
    expect(await chosen({ flow: "tcp 2 77" })).toEqual(["tcp 2 77"]);
    expect(await chosen({ from: 1, to: 2 })).toEqual(["tcp 1", "tcp 2 77"]);
    expect(await chosen({ from: "2023-11-14T22:13:23.05Z" })).toEqual([
      "icmp 192.0.2.1 198.51.100.1",
      "icmpv6 2001:db8:1::1 2001:db8::1 5",
    ]);
    const errors = await rowsOf(
      icmpErrors(capture, { flow: "udp 1" }),
      "SELECT error, reporter, about FROM this",
    );
    expect(errors).toEqual([["port unreachable", v4[1], "udp 1"]]);
    const behind = packetsOf(capture, "udp 1");
    expect(await rowsOf(behind, "SELECT flow, about FROM this WHERE about IS NOT NULL")).toEqual([
      ["icmp 192.0.2.1 198.51.100.1", "udp 1"],
    ]);
  });

  it("takes Wireshark's and tcpdump's filters, and says what is wrong with them", async () => {
    expect(await chosen({ filter: "ipv6" })).toHaveLength(2);
    expect(await chosen({ filter: "ipv6", proto: "tcp" })).toEqual(["tcp 1"]);
    expect(await chosen({ bpf: "ip6" })).toEqual(["tcp 0", "icmpv6 2001:db8:1::1 2001:db8::1 5"]);
    expect(await ask(frameSizes(capture, { bpf: "udp port 53" }), "SELECT sum(packets) FROM this")).toEqual([
      1,
    ]);
    const wrong = async (filter: TrafficFilter, code: string, failed: RegExp) =>
      expect(flows(capture, filter)).rejects.toMatchObject({ code, failed: expect.stringMatching(failed) });
    await wrong({ filter: "ip.adr == 1" }, "BAD_FILTER", /ip\.adr/);
    await wrong({ bpf: "prot 53" }, "BAD_FILTER", /syntax/);
  });

  it("is an error with a hint where nothing can match", async () => {
    const nothing = async (filter: object, failed: RegExp, todo: RegExp) =>
      expect(tcpHealth(capture, filter)).rejects.toMatchObject({
        code: "NOTHING_MATCHES",
        failed: expect.stringMatching(failed),
        todo: expect.stringMatching(todo),
      });
    await nothing({ ip: "192.0.2.77" }, /ip 192\.0\.2\.77/, /192\.0\.2\.1/);
    // The outer end of a tunnel.
    await nothing({ ip: "203.0.113.1" }, /ip 203/, /innermost.*ip\.addr == 203\.0\.113\.1/);
    await nothing({ srcIp: "2001:db8:1::1" }, /srcIp/, /who opened the conversation.*2001:db8::1/);
    await nothing({ port: 8443 }, /port 8443/, /443/);
    await nothing({ proto: "htttp" }, /proto htttp/, /tcp/);
    await nothing({ flow: "tcp 9" }, /tcp 9/, /tcp 0/);
    await nothing({ ip: "192.0.2.1", port: 80 }, /none meets all/, /either end/);
    await nothing({ from: 100 }, /4\.01 s/, /seconds since its first packet/);
    await nothing({ from: 3, to: 2 }, /goes from/, /from before to/);
  });

  it("refuses what is no filter", async () => {
    const refused = async (filter: object) =>
      expect(flows(capture, filter)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    await refused({ ip: "192.0.2" });
    await refused({ ip: "example.net" });
    await refused({ port: 70_000 });
    await refused({ port: "443" });
    await refused({ from: "yesterday" });
    await refused({ from: "2023-11-14 22:13" });
    await refused({ proto: "tcp; DROP" });
    await refused({ src: "192.0.2.1" });
  });
});

describe.skipIf(corpus === undefined)("one point of several", () => {
  it("is a filter, and its packets are no copies of the other's", async () => {
    const capture = await openCapture(join(corpus as string, "pcpp_many_interfaces-1.pcapng"));
    const of = async (filter: TrafficFilter) => (await packetsOf(capture, filter)).count();
    const all = await rowsOf(
      packets(capture),
      "SELECT interface, count(*) FROM this GROUP BY ALL ORDER BY ALL",
    );
    expect(all.length).toBeGreaterThan(1);
    for (const [point, count] of all) expect(await of({ interface: Number(point) })).toBe(count);
    const { provenance } = await packetsOf(capture, { interface: Number(all[0]?.[0]) });
    expect(provenance.details).toMatchObject({ filter: "", traffic: `{"interface":${all[0]?.[0]}}` });
    await expect(of({ interface: 999 })).rejects.toMatchObject({ code: "NOTHING_MATCHES" });
    await expect(of({ interface: -1 })).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });
});
