import type { Counter } from "./counter.js";

/** Columns of /proc/net/softnet_stat that are counters; the others are unused, or values of the present. */
const softnet: [index: number, name: string, unit: Counter["unit"], loss: boolean][] = [
  [0, "processed", "packets", false],
  [1, "dropped", "packets", true],
  [2, "time_squeeze", "events", false],
  [8, "cpu_collision", "events", false],
  [9, "received_rps", "events", false],
  [10, "flow_limit_count", "packets", true],
];

/** Backlog of each CPU. Since Linux 5.10 a line says its CPU; before, they are in order, without CPUs that are offline. */
export function softnetCounters(text: string): Counter[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line, index) => {
      const values = line.trim().split(/\s+/);
      const cpu = values[12] === undefined ? index : Number.parseInt(values[12], 16);
      return softnet.flatMap(([column, name, unit, loss]): Counter[] => {
        const value = values[column];
        if (value === undefined) return [];
        return [
          {
            ...{ source: "softnet", netns: null, subject: `cpu ${cpu}`, name, value: BigInt(`0x${value}`) },
            ...{ unit, loss, bits: 32, identity: "" },
          },
        ];
      });
    });
}

const conntrackLoss = new Set(["drop", "early_drop", "insert_failed"]);

/** Connection tracking, all CPUs together: of the kernel's file, or of `conntrack -S`. Both count in 32 bits. */
export function conntrackCounters(netns: string, text: string): Counter[] {
  const sums = new Map<string, bigint>();
  const count = (name: string, value: bigint) => sums.set(name, (sums.get(name) ?? 0n) + value);
  if (text.startsWith("entries")) {
    const [names = [], ...rows] = text.split("\n").map((line) => line.trim().split(/\s+/));
    for (const row of rows) {
      for (const [index, name] of names.entries()) {
        // The number of entries is that of now.
        if (name !== "entries" && row[index] !== undefined) count(name, BigInt(`0x${row[index]}`));
      }
    }
  } else {
    for (const [, name = "", value = ""] of text.matchAll(/(\w+)=(\d+)/g)) {
      if (name !== "cpu") count(name, BigInt(value));
    }
  }
  return [...sums].map(([name, value]) => ({
    ...{ source: "conntrack", netns, subject: null, name, value },
    unit: conntrackLoss.has(name) || name === "invalid" ? "packets" : "events",
    ...{ loss: conntrackLoss.has(name), bits: 32, identity: "" },
  }));
}
