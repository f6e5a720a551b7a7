import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, type Frame, type Host, pathSummary } from "../../lib/index.js";
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
import { traffic } from "../scene/traffic.js";

const clientAddress6 = "2001:db8:3::30";

describeLive("the path inside a host", ["root", "bpftrace", "sshd", "tracing", "namespaces", "ping"], () => {
  let scene: Scene;
  let sshd: Sshd;
  let host: Host;

  beforeAll(async () => {
    scene = await buildScene("skp");
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

  const ping = (count: number, intervalMs: number, address = appAddress, ...more: string[]) =>
    execa(
      "nsenter",
      [
        ...[`--net=/run/netns/${scene.client}`, "ping", "-q", "-n", "-c", String(count), "-W", "1"],
        ...["-i", String(intervalMs / 1_000), ...more, address],
      ],
      { reject: false },
    );
  const dropped = async () => {
    const { stdout } = await execa("tc", ["-n", scene.host, "-s", "-j", "qdisc", "show", "dev", "vnet0"]);
    return (JSON.parse(stdout) as { drops: number }[])[0]?.drops as number;
  };
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

  test("a queue that runs over: as many requests lost inside as it counts itself", async () => {
    const before = await dropped();
    const seen = await pathSummary(host, {
      ...{ ...way, protocol: "ICMP", seconds: 60 },
      during: async () => {
        await ping(240, 10, appAddress, "-s", "1000", "-l", "60");
        await later(1_500);
      },
    });
    const lost = (await dropped()) - before;
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
      const before = await dropped();
      const seen = await pathSummary(host, {
        ...{ ...path, protocol: "UDP", dstPort: openPort, seconds: 60 },
        during: async () => {
          await traffic(scene.client, "udp", address, openPort, 300, 1_000);
          await later(1_500);
        },
      });
      const lost = (await dropped()) - before;
      expect(lost).toBeGreaterThan(100);
      expect(legs(seen).there).toMatchObject({
        packets_in: 300,
        packets_out: 300 - lost,
        completed: 300 - lost,
        lost,
      });
    },
  );
});
