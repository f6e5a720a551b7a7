import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, dropReport, type Figure, type Frame, type Host } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";
import {
  appAddress,
  buildScene,
  clientAddress,
  closedPort,
  managementAddress,
  openPort,
  refusedPort,
  type Scene,
} from "../scene/topology.js";
import { traffic } from "../scene/traffic.js";

describeLive("the report of a host's drops", ["root", "bpftrace", "sshd", "tracing", "namespaces"], () => {
  let scene: Scene;
  let sshd: Sshd;
  let host: Host;

  beforeAll(async () => {
    scene = await buildScene("skrp");
    sshd = await startSshd({ address: managementAddress, port: 22, namespace: scene.host });
    host = await connect(sshd.destination, sshd.options);
    await traffic(scene.client, "udp", appAddress, openPort, 1, 10);
  });
  afterAll(async () => {
    await host?.close();
    sshd?.stop();
    await scene?.remove();
  });

  const rows = (frame: Frame) => frame.values as (string | number | null)[][];

  test("has each fault with its place, its flow and its finding, as many as there were", async () => {
    const dropped = async () => {
      const { stdout } = await execa("tc", ["-n", scene.host, "-s", "-j", "qdisc", "show", "dev", "vnet0"]);
      return (JSON.parse(stdout) as { drops: number }[])[0]?.drops as number;
    };
    const before = await dropped();
    const report = await dropReport(host, {
      seconds: 60,
      during: async () => {
        await traffic(scene.client, "udp", appAddress, refusedPort, 120, 60);
        await traffic(scene.client, "udp", appAddress, closedPort, 40, 60, 3);
        await traffic(scene.client, "udp", appAddress, openPort, 200, 1_000);
      },
    });
    const queued = (await dropped()) - before;
    const own = await report.drops.sql(
      `SELECT kind, reason, device, drops FROM this WHERE worst_flow LIKE '%${appAddress}%' AND reason <> 'NO_SOCKET' ORDER BY reason`,
    );
    expect(rows(own)).toEqual([
      ["suspicious", "NETFILTER_DROP", "uplink0", 120],
      ["suspicious", "QDISC_DROP", "vnet0", queued],
    ]);
    const flows = await report.flows.sql(
      `SELECT src, dst, dst_port, drops, reasons, devices FROM this WHERE dst = '${appAddress}' AND dst_port <> ${openPort} ORDER BY dst_port`,
    );
    expect(rows(flows)).toEqual([
      [clientAddress, appAddress, closedPort, 40, "NO_SOCKET", "eth0"],
      [clientAddress, appAddress, refusedPort, 120, "NETFILTER_DROP", "uplink0"],
    ]);
    const { findings } = report;
    expect(findings.ids).toEqual(
      expect.arrayContaining(["DROPS_FIREWALL", "DROPS_NO_SOCKET", "DROPS_QUEUE"]),
    );
    expect(findings.get("DROPS_FIREWALL")).toMatchObject({ severity: "HIGH", value: 120 });
    expect(findings.get("DROPS_QUEUE").verdict).toMatch(
      /vnet0 dropped: \d+ packets, most of UDP 203\.0\.113\.30/,
    );
    expect(findings.get("DROPS_FIREWALL").verify).toContain('reason: "NETFILTER_DROP", device: "uplink0"');
    const counter = await report.counters.sql(
      "SELECT change FROM this WHERE source = 'qdisc' AND counter = 'drops' AND starts_with(subject, 'vnet0 ') AND netns = 'host'",
    );
    expect(counter.values).toEqual([[queued]]);
    for (const frame of [report.reasons, report.sites, report.devices, report.overTime]) {
      const sums = await frame.sql("SELECT sum(drops) FROM this");
      const all = await report.drops.sql("SELECT sum(drops) FROM this");
      expect(sums.values).toEqual(all.values);
    }
    expect(report.drops.provenance).toMatchObject({ source: "dropReport", lost: 0 });

    const byTime = await report.overTime.sql(
      "SELECT bool_and(time_ns BETWEEN epoch_ns(now()) - 120000000000 AND epoch_ns(now())), sum(drops) FILTER (reason = 'NETFILTER_DROP') FROM this",
    );
    expect(byTime.values).toEqual([[true, 120]]);
    const bars = (figure: Figure, axis: "x" | "y") =>
      (figure.data as Record<string, (string | number)[]>[])
        .filter(({ type }) => String(type) === "bar")
        .flatMap((trace) => trace[axis] ?? []);
    const total = (rows(await report.drops.sql("SELECT sum(drops) FROM this"))[0] as number[])[0];
    const summed = (values: (string | number)[]) => values.map(Number).reduce((sum, one) => sum + one, 0);
    expect(summed(bars(report.timeline, "y"))).toBe(total);
    expect(summed(bars(report.topSites, "x"))).toBe(total);
    const worst = (rows(report.sites)[0] as [string])[0];
    expect((report.topSites.layout as { yaxis: { categoryarray: string[] } }).yaxis.categoryarray[0]).toBe(
      worst,
    );
  });

  test("other thresholds are taken, and a rule that isn't there is refused", async () => {
    const during = () => traffic(scene.client, "udp", appAddress, refusedPort, 20, 60);
    const report = await dropReport(host, {
      seconds: 60,
      during,
      thresholds: { DROPS_FIREWALL: { high: 1000 } },
    });
    expect(report.findings.get("DROPS_FIREWALL").severity).toBe("MEDIUM");
    const calls = [{ thresholds: { DROPS_NOWHERE: { high: 1 } } }, { seconds: 0 }] as never[];
    for (const wrong of calls) {
      const call = dropReport(host, { seconds: 60, during, ...(wrong as object) });
      await expect(call).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    }
  });
});
