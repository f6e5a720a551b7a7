import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { connect, type Frame, type Host, pathSummary, pathTrace, type Table } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import {
  appAddress,
  appAddress6,
  buildScene,
  clientAddress,
  managementAddress,
  openPort,
  type Scene,
} from "../scene/topology.js";
import { ready, traffic } from "../scene/traffic.js";

const clientAddress6 = "2001:db8:3::30";

describeLive("the path inside a host", ["root", "bpftrace", "sshd", "tracing", "namespaces", "ping"], () => {
  let scene: Scene;
  let sshd: Sshd;
  let host: Host;

  beforeAll(async () => {
    scene = await buildScene("skp");
    // A packet that waits in a queue is sent by a timer, on top of whatever thread is on the CPU then, and the kernels of some sandboxes run no BPF
    // program on top of the threads of their first process. So none waits here; in the lab queues run over.
    await execa("tc", `-n ${scene.host} qdisc del dev vnet0 root`.split(" "));
    sshd = await startSshd({ address: managementAddress, port: 22, namespace: scene.host });
    host = await connect(sshd.destination, sshd.options);
    await ping(3, 10, appAddress);
    await ping(3, 10, appAddress6);
  });
  afterAll(async () => {
    await host?.close();
    sshd?.stop();
    await scene?.remove();
  });

  const inHost = (nft: string) =>
    execa("nsenter", [`--net=/run/netns/${scene.host}`, "nft", "-j", ...nft.split(" ")]);
  /** The host drops every `one in`-th packet that is to leave by vnet0, and counts them. */
  const drops = (oneIn: number) =>
    inHost(`add rule inet losses forward oifname vnet0 numgen inc mod ${oneIn} == ${oneIn - 1} counter drop`);
  const dropped = async () => {
    const { stdout } = await inHost("list chain inet losses forward");
    return Number(/"packets": (\d+)/.exec(stdout)?.[1]);
  };
  beforeEach(async () => {
    await inHost("add table inet losses");
    await inHost("add chain inet losses forward { type filter hook forward priority 1; }");
  });
  afterEach(() => inHost("delete table inet losses"));

  const ping = (count: number, intervalMs: number, address = appAddress, ...more: string[]) =>
    execa(
      "nsenter",
      [
        ...[`--net=/run/netns/${scene.client}`, "ping", "-q", "-n", "-c", String(count), "-W", "1"],
        ...["-i", String(intervalMs / 1_000), ...more, address],
      ],
      { reject: false },
    );
  const way = { from: "uplink0", to: "vnet0", src: clientAddress, dst: appAddress };
  const way6 = { ...way, src: clientAddress6, dst: appAddress6 };
  const later = (ms: number) => new Promise((done) => setTimeout(done, ms));

  /** Rows by their leg, as objects. */
  function legs(frame: Frame): Record<string, Record<string, number | null>> {
    const rows = frame.values as (string | number | null)[][];
    return Object.fromEntries(
      rows.map((row) => [
        row[0] as string,
        Object.fromEntries(frame.columns.map((column, index) => [column, row[index] as number | null])),
      ]),
    );
  }

  /** How many paths have each status. */
  async function statuses(paths: Table): Promise<Record<string, number>> {
    const counted = await paths.sql("SELECT status, count(*) FROM this GROUP BY status ORDER BY status");
    return Object.fromEntries(counted.values as [string, number][]);
  }

  test.each([
    ["IPv4", way, appAddress],
    ["IPv6", way6, appAddress6],
  ])(
    "pings that all come back: each leg is complete, and its times fit its bounds, %s",
    async (_, path, address) => {
      const seen = await pathSummary(host, {
        ...{ ...path, protocol: "ICMP", seconds: 60 },
        during: () => ping(40, 10, address),
      });
      const all = legs(seen);
      expect(Object.keys(all)).toEqual(["request inside", "outside", "reply inside", "total"]);
      for (const leg of Object.values(all)) {
        expect(leg).toMatchObject({
          packets_in: 40,
          packets_out: 40,
          completed: 40,
          lost: 0,
          unfinished: 0,
          measured: 40,
        });
        expect(leg).toMatchObject({ repeated: 0, unexpected: 0, unfollowed: 0, merged: 0 });
        const of = (name: string) => leg[name] as number;
        expect(of("min_ns")).toBeGreaterThan(0);
        for (const p of ["p50", "p90", "p99"]) {
          expect(of(`${p}_low_ns`)).toBeGreaterThanOrEqual(of("min_ns"));
          expect(of(`${p}_high_ns`)).toBeGreaterThanOrEqual(of(`${p}_low_ns`));
          expect(of(`${p}_high_ns`)).toBeLessThanOrEqual(of("max_ns"));
        }
        expect(of("avg_ns")).toBeLessThanOrEqual(of("max_ns"));
      }
      const parts = ["request inside", "outside", "reply inside"].map((name) => all[name]?.avg_ns as number);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(all.total?.avg_ns as number, 3);
      expect(seen.provenance).toMatchObject({ lost: 0, partial: false, notes: [] });
    },
  );

  test("a rule that drops: as many requests lost inside as it counts itself", async () => {
    await drops(4);
    const seen = await pathSummary(host, {
      ...{ ...way, protocol: "ICMP", seconds: 60 },
      during: async () => {
        await ping(240, 10, appAddress, "-s", "1000");
        await later(1_500);
      },
    });
    const lost = await dropped();
    const all = legs(seen);
    expect(lost).toBeGreaterThan(10);
    expect(all["request inside"]).toMatchObject({
      packets_in: 240,
      completed: 240 - lost,
      lost,
      unfinished: 0,
    });
    expect(all.outside).toMatchObject({ packets_in: 240 - lost, lost: 0 });
    expect(all.total).toMatchObject({ completed: 240 - lost, lost });
  });

  test.each([
    ["IPv4", way, appAddress],
    ["IPv6", way6, appAddress6],
  ])(
    "datagrams lost inside are counted, though none has a number of its own, %s",
    async (_, path, address) => {
      await drops(2);
      const seen = await pathSummary(host, {
        ...{ ...path, protocol: "UDP", dstPort: openPort, seconds: 60 },
        during: async () => {
          await traffic(scene.client, "udp", address, openPort, 300, 1_000);
          await later(1_500);
        },
      });
      const lost = await dropped();
      expect(lost).toBe(150);
      expect(legs(seen).there).toMatchObject({
        packets_in: 300,
        packets_out: 300 - lost,
        completed: 300 - lost,
        lost,
      });
    },
  );

  test.each([
    ["IPv4", way, appAddress],
    ["IPv6", way6, appAddress6],
  ])("each ping that a rule drops is a row of its own, %s", async (_, path, address) => {
    await drops(4);
    const paths = await pathTrace(host, {
      ...{ ...path, protocol: "ICMP", seconds: 60 },
      during: async () => {
        await ping(120, 10, address, "-s", "1000");
        await later(1_500);
      },
    });
    const lost = await dropped();
    expect(lost).toBeGreaterThan(10);
    expect(await statuses(paths)).toEqual({ complete: 120 - lost, "lost inside (request)": lost });
    const sums = await paths.sql(
      `SELECT bool_and(inside_ns + outside_ns + reply_inside_ns = total_ns AND inside_ns > 0), count(DISTINCT echo_seq), any_value(in_device), any_value(out_device)
       FROM this WHERE status = 'complete'`,
    );
    expect(sums.values).toEqual([[true, 120 - lost, "uplink0", "vnet0"]]);
    expect(paths.provenance.details.counts).toEqual({
      ...{ in: 120, out: 120 - lost, back_in: 120 - lost, back_out: 120 - lost, unexpected: 0 },
    });
  });

  test("datagrams in fragments: those that a rule drops some of are partial", async () => {
    const paths = await pathTrace(host, {
      ...{ ...way, protocol: "UDP", dstPort: openPort, seconds: 60 },
      during: async () => {
        await traffic(scene.client, "udp", appAddress, openPort, 5, 4_000, 100);
        await drops(4);
        await traffic(scene.client, "udp", appAddress, openPort, 30, 4_000);
        await later(1_500);
      },
    });
    const seen = await paths.sql(
      "SELECT status, pieces_in, pieces_out, count(*) AS datagrams FROM this GROUP BY ALL ORDER BY ALL",
    );
    const rows = seen.values as [string, number, number, number][];
    expect(rows.reduce((sum, row) => sum + row[3], 0)).toBe(35);
    for (const [status, pieces, out] of rows) {
      expect(pieces).toBe(3);
      expect(status).toBe(out === 3 ? "complete" : out === 0 ? "lost inside" : "partial fragments");
    }
    expect(rows.find(([status]) => status === "complete")?.[3]).toBeGreaterThanOrEqual(5);
    const { counts } = paths.provenance.details as { counts: Record<string, number> };
    expect(rows.reduce((sum, [, , out, datagrams]) => sum + out * datagrams, 0)).toBe(counts.out);
    expect(counts.in).toBe(105);
  });

  test("a TCP upload whose segments a rule drops: lost are as many as it counts, and each is a segment of its own", async () => {
    const sink = traffic(scene.app, "sink", openPort);
    await ready(sink);
    await drops(15);
    const paths = await pathTrace(host, {
      ...{ ...way, protocol: "TCP", dstPort: openPort, seconds: 60 },
      during: async () => {
        await traffic(scene.client, "upload", appAddress, openPort, 200_000);
        await later(1_500);
      },
    });
    const lost = await dropped();
    sink.kill();
    expect(lost).toBeGreaterThan(0);
    const seen = await paths.sql(
      "SELECT way, status, count(*) AS packets, count(*) FILTER (ambiguous) AS ambiguous FROM this GROUP BY ALL ORDER BY ALL",
    );
    const rows = seen.values as [string, string, number, number][];
    expect(rows.map(([direction, status]) => `${direction} ${status}`)).toEqual([
      "back complete",
      "there complete",
      "there lost inside",
    ]);
    expect(rows[2]?.slice(2)).toEqual([lost, 0]);
  });

  test("segments put together when they come in and cut when they go out are complete with all their bytes", async () => {
    const server = traffic(scene.app, "serve", `${openPort}:300000:0`);
    await ready(server);
    await execa("ip", ["-n", scene.host, "link", "set", "uplink0", "gso_max_segs", "1"]);
    const path = { ...way, protocol: "TCP" as const, dstPort: openPort, seconds: 60 };
    const download = async () => {
      await traffic(scene.client, "download", appAddress, openPort, "/file");
      await later(1_500);
    };
    const paths = await pathTrace(host, { ...path, during: download });
    const summary = legs(await pathSummary(host, { ...path, during: download }));
    await execa("ip", ["-n", scene.host, "link", "set", "uplink0", "gso_max_segs", "65535"]);
    server.kill();
    expect(await statuses(paths)).toEqual({ complete: await paths.count() });
    const merged = await paths.sql(
      "SELECT count(*), bool_and(pieces_out = segments), bool_and(inside_ns > 0) FROM this WHERE segments > 1 AND way = 'back'",
    );
    expect(merged.values).toEqual([[expect.any(Number), true, true]]);
    expect(merged.values[0]?.[0 as never]).toBeGreaterThan(5);
    const { back } = summary as { back: Record<string, number> };
    expect(back).toMatchObject({ lost: 0, unfinished: 0, completed: back.packets_in });
    expect(back.merged).toBeGreaterThan(5);
    expect(back.unexpected).toBe((back.packets_out as number) - (back.completed as number));
  });

  test("pings of two senders with the same identifier and numbers are not taken for each other's", async () => {
    const other = "203.0.113.31";
    await execa("ip", ["-n", scene.client, "addr", "add", `${other}/25`, "dev", "eth0"]);
    await inHost(`add rule inet losses forward ip saddr ${other} counter drop`);
    const asked = { ...way, src: "203.0.113.0/25", protocol: "ICMP" as const, seconds: 60 };
    const both = async () => {
      const senders = [clientAddress, other];
      await Promise.all(senders.map((one) => ping(30, 10, appAddress, "-e", "77", "-I", one)));
      await later(1_500);
    };
    const summary = legs(await pathSummary(host, { ...asked, during: both }));
    expect(summary.total).toMatchObject({ packets_in: 60, completed: 30, lost: 30, repeated: 0 });
    const paths = await pathTrace(host, { ...asked, during: both });
    const seen = await paths.sql(
      "SELECT src, status, echo_id, count(DISTINCT echo_seq) AS pings FROM this GROUP BY ALL ORDER BY src",
    );
    expect(seen.values).toEqual([
      [clientAddress, "complete", 77, 30],
      [other, "lost inside (request)", 77, 30],
    ]);
  });

  test("more on their way than the kernel has room for: what is not followed is counted, not forgotten", async () => {
    await drops(1);
    const summary = await pathSummary(host, {
      ...{ ...way, protocol: "ICMP", seconds: 60 },
      during: async () => {
        await ping(20_000, 1, appAddress, "-l", "20000");
        await later(1_500);
      },
    });
    const total = legs(summary).total as Record<string, number>;
    expect(total).toMatchObject({ packets_in: 20_000, completed: 0, unfinished: 0 });
    expect(total.unfollowed).toBeGreaterThan(1_000);
    expect((total.lost as number) + (total.unfollowed as number)).toBe(20_000);
  });

  test("another namespace's devices of the same names are not looked at", async () => {
    const seen = await pathSummary(host, {
      ...{ ...way, from: "eth0", to: "lo", protocol: "ICMP", seconds: 60 },
      during: () => ping(5, 20),
    });
    expect(legs(seen).total).toMatchObject({ packets_in: 0, packets_out: 0 });
  });

  test.each([
    ["a device on both sides", { to: ["vnet0", "uplink0"] }],
    ["ports of ICMP", { dstPort: 7 }],
    ["two IP versions", { dst: appAddress6 }],
    ["text for a device", { from: 'eth0" || 1' }],
    ["nine devices", { from: [..."123456789"] }],
  ])("%s is refused", async (_, wrong) => {
    const call = pathSummary(host, { ...way, protocol: "ICMP", seconds: 1, ...wrong });
    await expect(call).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });
});
