import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, dropEvents, dropSummary, type Frame, type Host } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import {
  appAddress,
  appAddress6,
  buildScene,
  clientAddress,
  closedPort,
  managementAddress,
  openPort,
  refusedPort,
  type Scene,
} from "../scene/topology.js";
import { traffic } from "../scene/traffic.js";

describeLive("drops provoked on purpose", ["root", "bpftrace", "sshd", "tracing", "namespaces"], () => {
  let scene: Scene;
  let sshd: Sshd;
  let host: Host;

  beforeAll(async () => {
    scene = await buildScene("skt");
    sshd = await startSshd({ address: managementAddress, port: 22, namespace: scene.host });
    host = await connect(sshd.destination, sshd.options);
    // Neighbours are resolved, so that no first packet waits or is lost.
    await traffic(scene.client, "udp", appAddress, openPort, 1, 10);
    await traffic(scene.client, "udp", appAddress6, openPort, 1, 10);
  });
  afterAll(async () => {
    await host?.close();
    sshd?.stop();
    await scene?.remove();
  });

  const rows = (frame: Frame) => frame.values as (string | number | null)[][];

  /** Slow enough for the shaper on vnet0, so that it drops none of them before they arrive. */
  const closed = (count: number, address = appAddress) =>
    traffic(scene.client, "udp", address, closedPort, count, 100, 2);
  const refused = (count: number) => traffic(scene.client, "udp", appAddress, refusedPort, count, 100);

  test("dropSummary counts each reason, site and device exactly", async () => {
    const seen = await dropSummary(host, {
      seconds: 60,
      dst: "198.51.100.0/24",
      during: async () => {
        await closed(123);
        await refused(45);
      },
    });
    expect(rows(seen)).toEqual([
      ["NO_SOCKET", "__udp4_lib_rcv", "eth0", 123],
      ["NETFILTER_DROP", expect.stringMatching(/nf_hook_slow|nft_do_chain/), "uplink0", 45],
    ]);
    expect(seen.provenance).toMatchObject({
      lost: 0,
      truncated: false,
      partial: false,
      host: "root@203.0.113.202",
    });
    expect(seen.provenance.details).toMatchObject({
      detached: "proved",
      matched: 168,
      wanted: ["tracepoint:skb:kfree_skb"],
      attached: ["tracepoint:skb:kfree_skb"],
    });
  });

  test("a full qdisc: as many drops as the qdisc itself counts", async () => {
    const { execa } = await import("execa");
    const dropped = async () => {
      const { stdout } = await execa("tc", ["-n", scene.host, "-s", "-j", "qdisc", "show", "dev", "vnet0"]);
      return (JSON.parse(stdout) as { drops: number }[])[0]?.drops as number;
    };
    const before = await dropped();
    const seen = await dropSummary(host, {
      seconds: 60,
      device: "vnet0",
      reason: "QDISC_DROP",
      during: () => traffic(scene.client, "udp", appAddress, openPort, 200, 1_000),
    });
    const counted = (await dropped()) - before;
    expect(counted).toBeGreaterThan(100);
    expect(rows(seen)).toEqual([["QDISC_DROP", expect.any(String), "vnet0", counted]]);
  });

  test("dropEvents has a row for each, with addresses, ports, lengths and time", async () => {
    const started = BigInt(Date.now()) * 1_000_000n;
    const events = await dropEvents(host, {
      seconds: 60,
      src: clientAddress,
      stacks: true,
      during: async () => {
        await closed(20);
        await refused(10);
      },
    });
    const ended = BigInt(Date.now()) * 1_000_000n;
    const seen = await events.sql(
      `SELECT reason, device, ip_version, src, dst, dst_port, protocol, length_bytes, count(*) AS drops,
         min(time_ns) AS first_ns, max(time_ns) AS last_ns, bool_and(regexp_matches(stack, '^\\w+\\+\\d+ < \\w+')) AS stacks, count(DISTINCT src_port) AS ports
       FROM this GROUP BY ALL ORDER BY drops DESC`,
    );
    expect(rows(seen).map((row) => row.slice(0, 9))).toEqual([
      ["NO_SOCKET", "eth0", 4, clientAddress, appAddress, closedPort, "UDP", 128, 20],
      ["NETFILTER_DROP", "uplink0", 4, clientAddress, appAddress, refusedPort, "UDP", 128, 10],
    ]);
    for (const row of rows(seen)) {
      expect(BigInt(row[9] as never)).toBeGreaterThan(started);
      expect(BigInt(row[10] as never)).toBeLessThan(ended);
      expect(row.slice(11)).toEqual([true, 1]);
    }
    expect(events.provenance).toMatchObject({ lost: 0, truncated: false });
  });

  test("IPv6 is seen as well", async () => {
    const events = await dropEvents(host, {
      seconds: 60,
      dst: "2001:db8:2::/64",
      protocol: "UDP",
      during: () => closed(17, appAddress6),
    });
    const seen = await events.sql(
      "SELECT reason, ip_version, src, dst, length_bytes, count(*) FROM this GROUP BY ALL",
    );
    expect(rows(seen)).toEqual([["NO_SOCKET", 6, "2001:db8:3::30", appAddress6, 148, 17]]);
  });

  test.each([
    ["source", { src: "203.0.113.0/24" }, 30],
    ["another source", { src: "203.0.113.31" }, 0],
    ["destination", { dst: appAddress }, 30],
    ["destination port", { dst: appAddress, dstPort: refusedPort }, 10],
    ["source port", { dst: appAddress, srcPort: 1 }, 0],
    ["either address", { ip: "198.51.100.20/32" }, 30],
    ["either port", { dst: appAddress, port: closedPort }, 20],
    ["protocol", { dst: appAddress, protocol: "TCP" as const }, 0],
    ["protocol by number", { dst: appAddress, protocol: 17 }, 30],
    ["device", { dst: appAddress, device: "uplink0" }, 10],
    ["reason", { dst: appAddress, reason: "no_socket" }, 20],
    ["several reasons", { dst: appAddress, reason: ["NO_SOCKET", "NETFILTER_DROP"] }, 30],
  ])("filter by %s", async (_, filter, expected) => {
    const seen = await dropSummary(host, {
      seconds: 60,
      ...filter,
      during: async () => {
        await closed(20);
        await refused(10);
      },
    });
    expect(rows(seen).reduce((sum, row) => sum + Number(row[3]), 0)).toBe(expected);
    expect(seen.provenance.lost).toBe(0);
  });

  test("a flooded buffer: what is lost is counted, and seen plus lost is all", async () => {
    const events = await dropEvents(host, {
      seconds: 60,
      maxEvents: 1_000_000,
      bufferPages: 1,
      maxEventsPerSecond: 10_000_000,
      dstPort: refusedPort,
      during: () => refused(50_000),
    });
    const { lost, truncated } = events.provenance;
    expect(lost).toBeGreaterThan(0);
    expect((await events.count()) + Number(lost)).toBe(50_000);
    expect(truncated).toBe(false);
  });

  test("maxEvents limits the rows, and the rest is counted", async () => {
    const events = await dropEvents(host, {
      seconds: 60,
      maxEvents: 25,
      dstPort: refusedPort,
      during: () => refused(500),
    });
    expect(await events.count()).toBe(25);
    expect(events.provenance).toMatchObject({ lost: 0, truncated: true });
    expect(events.provenance.details).toMatchObject({ matched: 500, emitted: 25 });
  });
});
