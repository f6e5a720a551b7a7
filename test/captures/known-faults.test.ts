import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaptureRule } from "../../lib/analyses/findings/index.js";
import {
  dhcpExchanges,
  dnsQueries,
  findings,
  flows,
  fragmentedPackets,
  httpRequests,
  overview,
  pingSummary,
  quality,
  tlsHandshakes,
} from "../../lib/analyses/index.js";
import { type Capture, openCapture, packets, packetsOf } from "../../lib/captures/index.js";
import type { Frame, Table, Value } from "../../lib/tables/index.js";
import { corpus } from "./corpus.js";

const open = (name: string) => openCapture(join(corpus as string, "faults", name));
const rows = async (answer: Promise<Table | Frame>, query: string) =>
  (await (await answer).sql(query)).values as Value[][];
const count = async (capture: Capture, check: string) =>
  (await rows(quality(capture), `SELECT "count" FROM this WHERE "check" = '${check}'`))[0]?.[0];
const found = async (capture: Capture, ...only: CaptureRule[]) =>
  [...(await findings(capture, { only }))].map(({ id, certain }) => [id, certain]);

/** Captures of other projects, and what is true of each, where earlier verdicts were wrong. */
describe.skipIf(corpus === undefined)("captures with a truth that is easily missed", () => {
  it("before-1970: times before 1970 are in order", async () => {
    const capture = await open("before-1970.pcapng");
    const [span] = await rows(
      packets(capture),
      "SELECT min(time_ns)::BIGINT, (max(time_ns) - min(time_ns))::BIGINT FROM this",
    );
    expect(span?.map(Number)).toEqual([-150_000_000, 330_100_000]);
    expect(capture.facts).toMatchObject({ firstPacket: "-0.150000", durationSeconds: 0.3301 });
    expect(capture.provenance.startedAt).toBe("1969-12-31T23:59:59.850000Z");
    expect(await found(capture, "TCP_SLOW_SERVER")).toEqual([]);
  });

  it("dhcp-leasequery: every question is answered", async () => {
    const capture = await open("dhcp-leasequery.pcap");
    expect(
      await rows(
        dhcpExchanges(capture),
        "SELECT DISTINCT outcome, repeats::INTEGER FROM this WHERE contains(messages, 'lease-query')",
      ),
    ).toEqual([["told", 0]]);
    expect(await found(capture, "DHCP_FAILED")).toEqual([]);
  });

  it("dns-badvers: codes of more than four bits", async () => {
    const capture = await open("dns-badvers.pcap");
    expect(await rows(dnsQueries(capture), "SELECT rcode FROM this ORDER BY frame")).toEqual([
      ["BADVERS"],
      ["NOERROR"],
    ]);
    expect(await found(capture, "DNS_FAILED")).toEqual([["DNS_FAILED", true]]);
  });

  it("dns-responses-only: a response is a server's", async () => {
    const capture = await open("dns-responses-only.pcap");
    const ends = "SELECT DISTINCT client, server, server_port FROM this";
    expect(await rows(flows(capture), ends)).toEqual([["10.0.0.20", "74.82.42.42", 53]]);
    expect(await rows(dnsQueries(capture), ends)).toEqual([["10.0.0.20", "74.82.42.42", 53]]);
  });

  it("first-fragments-only: what has no last fragment isn't complete", async () => {
    const capture = await open("first-fragments-only.pcap");
    expect(await rows(fragmentedPackets(capture), "SELECT DISTINCT complete FROM this ORDER BY 1")).toEqual([
      ...[[false], [null]],
    ]);
    expect((await found(capture, "FRAGMENTS_MISSING")).map(([id]) => id)).toEqual(["FRAGMENTS_MISSING"]);
  });

  it("http-closed-unanswered: a request of a connection that ended was not answered", async () => {
    const capture = await open("http-closed-unanswered.pcap");
    expect(await rows(httpRequests(capture), "SELECT answered FROM this")).toEqual([[false]]);
  });

  it("journal-block-first: a journal entry and a custom block are no packets", async () => {
    const capture = await open("journal-block-first.pcapng");
    const [[counted] = []] = await rows(overview(capture), "SELECT value FROM this WHERE metric = 'packets'");
    expect(counted).toBe(36);
    expect(capture.facts).toMatchObject({ packets: 36, durationSeconds: 0.3301, inOrder: true });
  });

  it("link-type-unknown-to-tshark: it is a capture, and what to do is said", async () => {
    const error = await open("link-type-unknown-to-tshark.pcap").catch((reason) => reason);
    expect(error).toMatchObject({ code: "LINK_TYPE_UNKNOWN" });
    expect(error.message).toMatch(/284/);
    expect(error.message).not.toMatch(/give a pcap/);
  });

  it.each(["loopback-checksums-acknowledged.pcap", "offloaded-data-segments-acknowledged.pcap"])(
    "%s: what was acknowledged was received",
    async (name) => {
      const capture = await open(name);
      expect(await found(capture, "CHECKSUMS_BAD", "CAPTURE_CHECKSUM_OFFLOAD")).toEqual([
        ["CAPTURE_CHECKSUM_OFFLOAD", true],
      ]);
    },
  );

  it.each([
    "no-timestamps-not-copies.pcap",
    "udp-constant-ip-id-not-copies.pcap",
    "vrrp-two-routers-not-copies.pcap",
  ])("%s: nothing proves a copy", async (name) => {
    expect(Number(await count(await open(name), "copies"))).toBe(0);
  });

  it("one-direction-pings-and-tcp: replies that the capture can't have are no loss", async () => {
    expect(await found(await open("one-direction-pings-and-tcp.pcap"), "PING_LOSS")).toEqual([
      ["PING_LOSS", false],
    ]);
  });

  it("ping-reply-recorded-first: pings are paired by time", async () => {
    const capture = await open("ping-reply-recorded-first.pcap");
    expect(
      await rows(pingSummary(capture), "SELECT answered::INTEGER, lost::INTEGER, rtt_min_ns > 0 FROM this"),
    ).toEqual([[20, 0, true]]);
    expect(await found(capture, "PING_LOSS")).toEqual([]);
  });

  it("provider-bridge-two-vlans: tags of 802.1ad and 802.1Q", async () => {
    expect(
      await rows(
        packets(await open("provider-bridge-two-vlans.pcap")),
        "SELECT vlan FROM this ORDER BY frame",
      ),
    ).toEqual([["1525,30"], ["1535,40"]]);
  });

  it("statistics-block-drops: the file says what the capturing program lost", async () => {
    const capture = await open("statistics-block-drops.pcapng");
    expect(Number(await count(capture, "lost while capturing"))).toBe(5000);
    expect(await found(capture, "CAPTURE_LOST_PACKETS")).toEqual([["CAPTURE_LOST_PACKETS", true]]);
  });

  it("tls-hello-in-three-segments-then-fin: a FIN takes a number, and leaves no hole", async () => {
    const shown = "SELECT frame, sni, server_hello_ns // 10000 FROM this";
    const [row] = await rows(tlsHandshakes(await open("tls-hello-in-three-segments-then-fin.pcap")), shown);
    expect(row?.map((value) => (typeof value === "bigint" ? Number(value) : value))).toEqual([
      4,
      "www.google.com",
      206,
    ]);
  });

  it("vxlan-tenants-same-addresses: two networks are two connections", async () => {
    const capture = await open("vxlan-tenants-same-addresses.pcap");
    const both = await rows(flows(capture), "SELECT flow, tunnel_id, direction_by FROM this");
    expect(both).toEqual([
      ["tcp 0 100", "100", "SYN"],
      ["tcp 1 200", "200", "SYN"],
    ]);
    for (const [flow] of both) {
      const own = await rows(
        packetsOf(capture, String(flow)),
        "SELECT count(*)::INTEGER, count(DISTINCT tunnel_id)::INTEGER FROM this",
      );
      expect(own).toEqual([[36, 1]]);
    }
  });
});
