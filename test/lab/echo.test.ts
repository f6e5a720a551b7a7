import { expect, test } from "vitest";
import { echoSummary, gapSummary, latencyReport } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { kernelVersions } from "./kernels.js";
import { script } from "./script.js";
import { sharedLab } from "./shared.js";
import { address } from "./topology/topology.js";

const patience = { seconds: 120, attachSeconds: 240 };
const patienceMs = 1_200_000;
const [count, delayMs] = [20, 40];

const client = "nsenter --net=/run/netns/client";
/** What the host's kernel counted of pings: no probe reads it. */
const counters = "awk '/^Icmp:/ { print }' /proc/net/snmp";

/** Does something while what leaves by a device is delayed. */
const delayed = (device: string, ...lines: string[]) => [
  `tc qdisc add dev ${device} root netem delay ${delayMs}ms`,
  `trap "tc qdisc del dev ${device} root" EXIT`,
  ...lines,
];

function grown(said: string): { [name: string]: number } {
  const lines = said
    .split("\n")
    .filter((line) => line.startsWith("Icmp:"))
    .map((line) => line.split(" ").slice(1));
  const [names = [], before = [], , after = []] = lines;
  return Object.fromEntries(names.map((name, index) => [name, Number(after[index]) - Number(before[index])]));
}

for (const kernel of kernelVersions) {
  describeLive(`pings of a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);

    test("that it sends, answers and passes on are told apart, and are late where they are delayed", {
      timeout: patienceMs,
    }, async () => {
      const { host } = lab();
      let said = "";
      const seen = await echoSummary(host, {
        ...patience,
        timeoutMs: 5_000,
        during: async () => {
          const pings = [
            `ping -qc ${count} -i 0.02 -W 5 ${address.client} > /dev/null`,
            `${client} ping -qc ${count} -i 0.02 -W 5 ${address.uplink} > /dev/null`,
            `${client} ping -qc ${count} -i 0.02 -W 5 ${address.vm1} > /dev/null`,
          ];
          said = await script(host, delayed("uplink0", counters, ...pings, counters));
        },
      });
      expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
      const rows = rowsOf(seen);
      const counts = Object.fromEntries(rows.map((row) => [`${row.role} ${row.interval}`, row.count]));
      const { OutEchos, InEchos } = grown(said);
      expect([OutEchos, InEchos]).toEqual([count, count]);
      expect(counts).toEqual({
        ...Object.fromEntries(
          ["stack_out", "away", "stack_in", "total"].map((one) => [`asker ${one}`, count]),
        ),
        ...Object.fromEntries(["answer", "stack_out", "total"].map((one) => [`answerer ${one}`, count])),
        "answerer forwarded": count,
        "asker unexpected": count,
      });
      for (const role of ["asker", "answerer"]) {
        const sum = (interval: string) =>
          Number(rows.find((row) => row.role === role && row.interval === interval)?.total_ns);
        expect(sum("stack_out")).toBeGreaterThanOrEqual(count * delayMs * 1e6);
        expect(sum("total") - sum("stack_out")).toBeLessThan(sum("stack_out"));
      }
    });

    test("are silent flows when they come seldom, on every device that they pass", {
      timeout: patienceMs,
    }, async () => {
      const { host } = lab();
      const seen = await gapSummary(host, {
        ...patience,
        devices: ["uplink0", "vnet1"],
        longerThanMs: 700,
        protocol: "ICMP",
        ip: address.client,
        during: () => script(host, `${client} ping -qc 4 -i 1 ${address.vm1} > /dev/null`),
      });
      const silent = rowsOf(seen)
        .filter(({ interval }) => interval === "silent")
        .map(({ device, direction, count }) => `${device} ${direction} ${count}`);
      expect(silent.sort()).toEqual(["uplink0 in 3", "uplink0 out 3", "vnet1 in 3", "vnet1 out 3"]);
    });

    test("that are late have a report that says between which stages, and in whose queue", {
      timeout: patienceMs,
    }, async () => {
      const { host } = lab();
      const report = await latencyReport(host, {
        ...patience,
        packets: { from: "uplink0", to: "vnet1", protocol: "ICMP", dst: address.vm1 },
        during: () =>
          script(host, delayed("vnet1", `${client} ping -qc 60 -i 0.05 -W 5 ${address.vm1} > /dev/null`)),
      });
      const verdict = (id: string) =>
        [...report.findings].filter((one) => one.id === id).map((one) => one.verdict);
      expect(verdict("STAGE_SLOW").join()).toMatch(/queue → driver/);
      expect(verdict("QUEUE_WAITS").join()).toMatch(/vnet1, queue 0, netem/);
    });
  });
}
