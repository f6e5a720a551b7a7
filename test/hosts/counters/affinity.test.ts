import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listed, listOfMask } from "../../../lib/hosts/counters/cpu-list.js";
import { irqAffinityOf } from "../../../lib/hosts/counters/irq-affinity.js";
import { queueAffinityOf } from "../../../lib/hosts/counters/queue-affinity.js";
import { irqAffinity, localhost, queueAffinity } from "../../../lib/index.js";
import { rowsOf } from "../../fixtures/rows.js";

const reading = (sections: Record<string, string>) => ({ sections, partial: false, recordingId: null });

/** Made, since no machine of the tests has two NUMA nodes, or a NIC with several queues: of four CPUs one is offline. */
const interrupts = (...counts: [one: number, two: number, three: number][]) =>
  [
    "            CPU0       CPU1       CPU3       ",
    "   0:         10          0          0   IO-APIC    2-edge      timer",
    `  33:  ${counts[0]?.join("  ")}  IR-PCI-MSIX-0000:3b:00.0    1-edge      eth0-TxRx-0`,
    `  34:  ${counts[1]?.join("  ")}  PCI-MSI 524289-edge      i40e-eth0, aux device`,
    "  35:          0          0          0   GICv3  27 Level",
    " LOC:        100        200        300   Local timer interrupts",
    " ERR:          0",
  ].join("\n");
const facts = {
  affinity: [
    ...[
      "/proc/irq/33/smp_affinity_list:0-3",
      "/proc/irq/33/effective_affinity_list:3",
      "/proc/irq/33/node:0",
    ],
    ...["/proc/irq/34/smp_affinity_list:0", "/proc/irq/34/node:-1"],
  ].join("\n"),
  nodes: [0, 1, 3].map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/node${cpu > 1 ? 1 : 0}`).join("\n"),
  devices: "33 eth0\n34 eth0\n77 eth1",
};

test("interrupts have the CPUs that they may go to and those that got them, the most frequent first", () => {
  const before = reading({ at: "10.00", interrupts: interrupts([0, 5, 100], [7, 0, 0]) });
  const after = reading({ ...facts, at: "12.00", interrupts: interrupts([50, 5, 250], [7, 0, 0]) });
  const rows = rowsOf(irqAffinityOf("h1", before, after));
  expect(rows.map(({ irq, count, device }) => [irq, count, device])).toEqual([
    [33, 200, "eth0"],
    [0, 0, null],
    [34, 0, "eth0"],
    [35, 0, null],
  ]);
  expect(rows[0]).toEqual({
    ...{
      irq: 33,
      name: "eth0-TxRx-0",
      device: "eth0",
      numa_node: 0,
      allowed_cpus: "0-3",
      effective_cpus: "3",
    },
    ...{ count: 200, per_second: 100, busiest_cpu: 3, busiest_percent: 75, other_node_percent: 75 },
  });
  expect(rows[1]).toMatchObject({
    name: "timer",
    allowed_cpus: null,
    busiest_cpu: null,
    busiest_percent: null,
  });
  expect(rows[2]).toMatchObject({ name: "i40e-eth0, aux device", numa_node: null, effective_cpus: null });
  expect(rows[3]).toMatchObject({ name: null });
  const some = irqAffinityOf("h1", before, after, { device: "eth0" });
  expect(rowsOf(some).map(({ irq }) => irq)).toEqual([33, 34]);
  const none = irqAffinityOf("h1", before, after, { device: "vnet0" });
  expect(rowsOf(none)).toEqual([]);
  expect(none.provenance.notes).toHaveLength(1);
});

test("what became of an interrupt that began anew, or got another handler, is unknown", () => {
  const before = reading({ at: "10", interrupts: interrupts([50, 5, 250], [7, 0, 0]) });
  const after = reading({
    at: "12",
    interrupts: interrupts([0, 5, 250], [9, 0, 0]).replace("i40e-eth0, aux device", "eth9"),
  });
  const [, ...rows] = rowsOf(irqAffinityOf("h1", before, after)).toSorted(
    (a, b) => Number(a.irq) - Number(b.irq),
  );
  expect(rows[0]).toMatchObject({ irq: 33, count: null, per_second: null, busiest_cpu: null });
  expect(rows[1]).toMatchObject({ irq: 34, name: "eth9", count: null });
});

test("queues have their CPUs as lists, in the order of their numbers", () => {
  const queue = (name: string, file: string, value: string) =>
    `/sys/class/net/eth0/queues/${name}/${file}:${value}`;
  const text = [
    queue("rx-10", "rps_cpus", "00000001,00000000"),
    queue("rx-10", "rps_flow_cnt", "4096"),
    queue("rx-2", "rps_cpus", "0000010f"),
    queue("rx-2", "rps_flow_cnt", "0"),
    queue("tx-0", "xps_cpus", "3"),
    queue("tx-0", "xps_rxqs", "0"),
    "/sys/class/net/lo/queues/tx-0/xps_rxqs:0",
  ].join("\n");
  expect(rowsOf(queueAffinityOf("h1", reading({ queues: text }), { device: "eth0" }))).toEqual([
    { device: "eth0", direction: "rx", queue: 2, cpus: "0-3,8", flow_entries: 0, rx_queues: null },
    { device: "eth0", direction: "rx", queue: 10, cpus: "32", flow_entries: 4_096, rx_queues: null },
    { device: "eth0", direction: "tx", queue: 0, cpus: "0-1", flow_entries: null, rx_queues: "" },
  ]);
});

test("a mask is the list that the kernel would write", () => {
  for (const [mask, list] of [
    ["0", ""],
    ["f0f", "0-3,8-11"],
    ["80000000,00000001", "0,63"],
    ["zz", null],
    ["", null],
  ] as const) {
    expect(listOfMask(mask)).toBe(list);
    if (list !== null && list !== "")
      expect(listed(list).size).toBe(
        BigInt(`0x${mask.replace(",", "")}`)
          .toString(2)
          .replaceAll("0", "").length,
      );
  }
});

test("this machine's interrupts and queues are what its files say", async () => {
  const file = (irq: unknown, name: string) => readFileSync(`/proc/irq/${irq}/${name}`, "utf8").trim();
  const rows = rowsOf(await irqAffinity(localhost(), { seconds: 1 }));
  const numbers = readdirSync("/proc/irq").filter((name) => /^\d+$/.test(name));
  const table = readFileSync("/proc/interrupts", "utf8");
  const shown = numbers.filter((irq) => new RegExp(`^\\s*${irq}:`, "m").test(table));
  expect(rows.map(({ irq }) => String(irq)).sort()).toEqual(shown.sort());
  for (const { irq, name, allowed_cpus, effective_cpus } of rows) {
    expect(allowed_cpus).toBe(file(irq, "smp_affinity_list"));
    expect(effective_cpus ?? "").toBe(file(irq, "effective_affinity_list"));
    for (const one of String(name).split(", ")) expect(readdirSync(`/proc/irq/${irq}`)).toContain(one);
  }
  const queues = execFileSync("sh", ["-c", "ls -d /sys/class/net/*/queues/*"], { encoding: "utf8" }).trim();
  const seen = rowsOf(await queueAffinity(localhost()));
  const byPath = new Map(
    seen.map((row) => [`/sys/class/net/${row.device}/queues/${row.direction}-${row.queue}`, row]),
  );
  // Of a device with one queue to send by, the kernel says nothing of who does.
  for (const path of queues.split("\n").filter((one) => one.includes("/rx-"))) {
    const text = (name: string) => readFileSync(join(path, name), "utf8").trim();
    const row = byPath.get(path);
    const cpus = [...listed(String(row?.cpus))].reduce((mask, cpu) => mask | (1n << BigInt(cpu)), 0n);
    expect(cpus, path).toBe(BigInt(`0x${text("rps_cpus").replaceAll(",", "")}`));
    expect(row, path).toMatchObject({ flow_entries: Number(text("rps_flow_cnt")), rx_queues: null });
  }
});
