import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  connect,
  dropReport,
  dropSummary,
  dropsBySite,
  dropsOverTime,
  type Figure,
  type Frame,
  type Host,
} from "../../lib/index.js";
import { type Column, createFrame, type Provenance, type Value } from "../../lib/tables/index.js";
import { flowsOf } from "../../probes/report/flows.js";
import { overTimeOf } from "../../probes/report/over-time.js";
import { provenance, start, tableOf } from "../figures/tables.js";
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

interface Bars {
  name: string;
  x: (string | number)[];
  y: (string | number)[];
}

const barsOf = ({ data }: Figure) => data.filter(({ type }) => type === "bar") as unknown as Bars[];
const added = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** What the report's probe counted: reason, site, device, time, drops. */
function countedOf(rows: Value[][], details: Provenance["details"], lost = 0): Frame {
  const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
  const whole = (name: string): Column => ({ name, type: "BIGINT", meaning: name });
  const columns = [text("reason"), text("site"), text("device"), whole("time_ns"), whole("drops")];
  return createFrame(columns, rows, provenance({ details, lost }));
}

test("of more than 1,000 flows those that lost most are there, and it says so", async () => {
  const text = (name: string): Column => ({ name, type: "VARCHAR", meaning: name });
  const whole = (name: string): Column => ({ name, type: "INTEGER", meaning: name });
  const columns = [
    ...["protocol", "src", "dst", "reason", "device", "kind"].map(text),
    ...["src_port", "dst_port", "drops"].map(whole),
  ];
  const flows = async (count: number) => {
    const row = (port: number): Value[] => {
      return ["UDP", "192.0.2.1", "192.0.2.2", "NO_SOCKET", "eth0", "suspicious", port, 53, port];
    };
    const rows = Array.from({ length: count }, (_, port) => row(port));
    return flowsOf(await tableOf(columns, rows, provenance()), provenance());
  };
  const all = await flows(1_000);
  expect([all.shape[0], all.provenance.truncated, all.provenance.notes]).toEqual([1_000, false, []]);
  const cut = await flows(1_001);
  expect([cut.shape[0], cut.provenance.truncated]).toEqual([1_000, true]);
  expect(cut.provenance.notes).toEqual(["the 1000 flows that lost most, of 1001"]);
  expect(cut.column("src_port").values).not.toContain(0);
});

describe("figures of what was counted by the second", () => {
  test("without any drop they say so", async () => {
    const counted = countedOf([], { matched: 0 });
    const overTime = await overTimeOf(counted, counted.provenance);
    for (const figure of [await dropsOverTime(overTime), await dropsBySite(counted)]) {
      expect(figure.data).toEqual([]);
      expect(JSON.stringify(figure.layout.annotations)).toContain('"no drops"');
      expect(await figure.svg()).not.toContain("NaN");
    }
  });

  test("seconds know of drops whose flows found no room", async () => {
    const counted = countedOf(
      [
        ["A", "f", null, null, 4],
        ["A", null, null, start - 200_000_000n, 7],
        ["A", null, null, start + 2_800_000_000n, 2],
      ],
      { matched: 10 },
      6,
    );
    const overTime = await overTimeOf(counted, counted.provenance);
    expect(overTime.provenance.lost).toBe(1);
    const figure = await dropsOverTime(overTime);
    // The middle of the first second is before the run, whose times stand above all the same.
    expect(JSON.stringify(figure.layout)).toContain("2026-03-20 10:00:00.250 to 10:00:10.250 UTC");
    expect(barsOf(figure)[0]?.y).toEqual([7, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("drops without a time are counted, and have no place over time", async () => {
    const bare = countedOf([["A", null, null, null, 7]], { matched: 7 });
    const figure = await dropsOverTime(await overTimeOf(bare, { ...bare.provenance, startedAt: null }));
    expect(figure.data).toEqual([]);
    expect(JSON.stringify(figure.layout)).toContain("no times of these drops");
    expect(JSON.stringify(figure.layout)).toContain("7 drops");
  });
});

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
      /vnet0( \([^)]*\))? dropped: \d+ packets, most of UDP 203\.0\.113\.30/,
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
    const total = (rows(await report.drops.sql("SELECT sum(drops) FROM this"))[0] as number[])[0];
    expect(added(barsOf(report.timeline).flatMap(({ y }) => y as number[]))).toBe(total);
    const bySite = new Map<string, number>();
    for (const { x, y } of barsOf(report.topSites)) {
      for (const [index, site] of y.entries()) {
        bySite.set(String(site), (bySite.get(String(site)) ?? 0) + Number(x[index]));
      }
    }
    const sites = rows(report.sites).map(([site, drops]) => [site, drops]);
    expect([...bySite].sort()).toEqual([...sites].sort());
    const { categoryarray } = report.topSites.layout.yaxis as { categoryarray: string[] };
    expect(categoryarray.map((site) => bySite.get(site))).toEqual(sites.map(([, drops]) => drops));
  });

  test("pings that are answered are no loss, though a raw socket takes the replies", async () => {
    const report = await dropReport(host, {
      seconds: 60,
      during: async () => {
        const ping = ["ping", "-q", "-c", "20", "-i", "0.05", appAddress];
        const { stdout } = await execa("ip", ["netns", "exec", scene.client, ...ping]);
        expect(stdout).toContain(" 0% packet loss");
      },
    });
    const lost = await report.drops.sql(
      "SELECT count(*) FROM this WHERE starts_with(worst_flow, 'ICMP') AND kind <> 'normal'",
    );
    expect(lost.values).toEqual([[0]]);
  });

  test("a device that the host doesn't have is told, beside a count of 0", async () => {
    const wrong = await dropSummary(host, { seconds: 0.5, device: "uplnk0" });
    expect(wrong.shape[0]).toBe(0);
    expect(wrong.provenance.notes.join()).toMatch(/no interface "uplnk0".*uplink0/);
    const right = await dropSummary(host, { seconds: 0.5, device: "uplink0" });
    expect(right.provenance.notes.join()).not.toContain("no interface");
  });

  test("a quiet second is 0 in the figure over time, and every second is in it", async () => {
    const report = await dropReport(host, {
      seconds: 60,
      during: async () => {
        await traffic(scene.client, "udp", appAddress, refusedPort, 15, 60);
        await setTimeout(3_000);
        await traffic(scene.client, "udp", appAddress, refusedPort, 25, 60);
      },
    });
    const refused = barsOf(report.timeline).find(({ name }) => name === "NETFILTER_DROP") as Bars;
    const { startedAt, endedAt } = report.overTime.provenance;
    const seconds = (Date.parse(String(endedAt)) - Date.parse(String(startedAt))) / 1_000;
    expect(refused.x).toEqual(refused.x.map((_, second) => second + 0.5));
    expect(refused.x.length).toBeGreaterThanOrEqual(Math.floor(seconds));
    expect(refused.y.join()).toMatch(/[1-9]\d*,0,0(?:,0)*,[1-9]/);
    expect(added(refused.y as number[])).toBe(40);
    expect(report.timeline.layout).toMatchObject({
      xaxis: { title: { text: "Time since start (s)" } },
      yaxis: { title: { text: "Drops per 1 s" } },
    });
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
