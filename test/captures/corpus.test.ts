import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flows, overview, tcpHealth } from "../../lib/analyses/index.js";
import { malformed, openCapture, packets } from "../../lib/captures/index.js";
import { corpus, expected } from "./corpus.js";

/** Counts of expected.tsv, in SQL over the packet table. */
const counts: Record<string, string> = {
  frames: "count(*)",
  bytes_wire: "coalesce(sum(wire_bytes), 0)",
  tcp: "count(*) FILTER (transport = 'tcp')",
  udp: "count(*) FILTER (transport = 'udp')",
  dns: "count(*) FILTER (regexp_matches(protocols, ':dns(:|$)'))",
  icmp: "count(*) FILTER (transport IN ('icmp', 'icmpv6'))",
  ipv6: "count(*) FILTER (regexp_matches(protocols, ':ipv6(:|$)'))",
  tcp_streams: "count(DISTINCT tcp_stream)",
  syn: "count(*) FILTER (contains(tcp_flags, 'SYN') AND NOT contains(tcp_flags, 'ACK'))",
  rst: "count(*) FILTER (contains(tcp_flags, 'RST'))",
  frag: "count(*) FILTER (fragment)",
  icmp_quoting_tcp: "count(quoted_tcp_stream)",
  retr: "count(*) FILTER (retransmission)",
  fast: "count(*) FILTER (fast_retransmission)",
  spur: "count(*) FILTER (spurious_retransmission)",
  ooo: "count(*) FILTER (out_of_order)",
  lost: "count(*) FILTER (lost_segment)",
  acklost: "count(*) FILTER (ack_lost_segment)",
  dupack: "count(duplicate_ack)",
  zerowin: "count(*) FILTER (zero_window)",
  winfull: "count(*) FILTER (window_full)",
  keepalive: "count(*) FILTER (keep_alive)",
  reused: "count(*) FILTER (reused_ports)",
  sack: "count(sack_le)",
  dsack: "count(dsack_le)",
  ackrtt: "count(ack_rtt_ns)",
  dns_rtt: "count(dns_rtt_ns)",
  icmp_rtt: "count(icmp_rtt_ns) FILTER (transport = 'icmp')",
  icmp6_rtt: "count(icmp_rtt_ns) FILTER (transport = 'icmpv6')",
  comment: "count(comment)",
  zwprobe: "count(*) FILTER (zero_window_probe)",
};

/** The same of what tcpHealth() sums up, where the capture has no packet twice. */
const healthCounts: Record<string, string> = {
  tcp: "coalesce(sum(packets), 0)",
  retr: "coalesce(sum(retransmissions), 0)",
  fast: "coalesce(sum(fast_retransmissions), 0)",
  spur: "coalesce(sum(spurious_retransmissions), 0)",
  ooo: "coalesce(sum(out_of_order), 0)",
  lost: "coalesce(sum(gaps), 0)",
  acklost: "coalesce(sum(unseen_acked), 0)",
  dupack: "coalesce(sum(duplicate_acks), 0)",
  zerowin: "coalesce(sum(zero_windows), 0)",
  winfull: "coalesce(sum(window_full), 0)",
  keepalive: "coalesce(sum(keep_alives), 0)",
  rst: "coalesce(sum(rst), 0)",
  sack: "coalesce(sum(sacks), 0)",
  dsack: "coalesce(sum(dsacks), 0)",
};

/** Where tcpHealth() counts something else than tshark marks; docs/tcp-and-tshark.md says why, by kind. */
const differences: Record<string, Record<string, number>> = {
  // One byte that wasn't acknowledged is sent again after a timer: no keep-alive.
  "zeek_echo-connections.pcap.gz": { retr: 263, keepalive: 1 },
  // Nothing waited for an ack: no duplicate (RFC 5681).
  "zeek_mixed-vlan-mpls.pcap": { dupack: 0 },
  "tcpdump_mptcp-v0.pcap": { dupack: 0 },
  "spindump_tcp_medium_snap80.pcap": { dupack: 299 },
  // Newer timestamps than what came before: sent again, not out of order. And a duplicate of which nothing waited.
  "pcpp_example.pcap": { retr: 13, ooo: 0, dupack: 13 },
  "live_veth_superframes.pcap": { retr: 7, ooo: 0, dupack: 11 },
};

describe.skipIf(corpus === undefined)("known captures", () => {
  it.each(expected())("$file", async (wanted) => {
    const path = join(corpus as string, wanted.file);
    if (wanted.rc === 2 && wanted.frames === 0) {
      await expect(openCapture(path)).rejects.toMatchObject({ code: "NOT_A_CAPTURE" });
      return;
    }
    const capture = await openCapture(path);
    const table = await packets(capture);
    const select = Object.entries(counts).map(([name, sql]) => `${sql} AS "${name}"`);
    const counted = await table.sql(`SELECT ${select.join(", ")} FROM this`);
    const found = Object.fromEntries(
      counted.columns.map((name, index) => [name, (counted.values[0] as number[])[index]]),
    );
    const { file, rc, malformed: senseless, ...truth } = wanted;
    expect(found).toEqual(truth);
    expect(await (await malformed(capture)).count()).toBe(senseless);
    expect(table.provenance.partial, file).toBe(rc === 2);

    const flowFrame = await flows(capture);
    const sums = await flowFrame.sql(
      "SELECT count(*) FILTER (transport = 'tcp'), coalesce(sum(client_packets + server_packets) FILTER (transport IN ('tcp', 'udp')), 0) FROM this",
    );
    const flowing = Number(wanted.tcp) + Number(wanted.udp);
    expect(sums.values).toEqual([[wanted.tcp_streams, flowing]]);
    const again = await flowFrame.sql(
      "SELECT coalesce(sum(copies), 0), coalesce(sum(retransmissions), 0) FROM this",
    );
    const [copies, retransmitted] = again.values[0] as number[];
    if (copies === 0) {
      expect(retransmitted).toBe(differences[file]?.retr ?? wanted.retr);
      const health = await (await tcpHealth(capture)).sql(`SELECT ${Object.values(healthCounts)} FROM this`);
      const counted = Object.keys(healthCounts).map((name) => differences[file]?.[name] ?? wanted[name]);
      expect(health.values).toEqual([counted]);
    }
    const facts = new Map(
      (await overview(capture)).values.map((row) => (row as [string, number]).slice(0, 2) as never),
    );
    expect(facts.get("packets")).toBe(wanted.frames);
    expect(facts.get("TCP connections")).toBe(wanted.tcp_streams);
  });
});
