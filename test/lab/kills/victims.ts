/** A measurement that is cut off. */
export interface Victim {
  /** Whether it loads BPF programs into the host's kernel. */
  loads: boolean;
  /** The cell that runs it on `host`. */
  cell(seconds: number, attachSeconds: number): string;
}

/** By name. All would go on for minutes, unless a deadline is to end them. */
export const victims = {
  dropEvents: {
    loads: true,
    cell: (seconds, attachSeconds) =>
      `await dropEvents(host, { seconds: ${seconds}, attachSeconds: ${attachSeconds} });`,
  },
  capture: {
    loads: false,
    cell: (seconds) => `await capture(host, { device: "any", seconds: ${seconds} });`,
  },
  ring: {
    loads: false,
    cell: (seconds) => `await capture(host, { device: "any", lastBytes: 2 ** 20, seconds: ${seconds} });`,
  },
  kprobe: {
    loads: true,
    cell: (seconds, attachSeconds) => `
    const received = defineProbe({
      name: "received",
      shape: "frame",
      measures: "packets that IPv4 receives and how long it has them",
      parameters: z.strictObject({}),
      hooks: { required: ["kprobe:ip_rcv", "kretprobe:ip_rcv"] },
      columns: [{ name: "packets", type: "BIGINT", unit: "packets", meaning: "received" }],
      countMap: "@seen",
      program: (_, target) => bpftrace\`\${attachTo(target, "kprobe:ip_rcv")} { @matched = count(); @seen = count(); }
        \${attachTo(target, "kretprobe:ip_rcv")} { @ = count(); }\`,
      decode: (record) =>
        record.type === "map" && record.name === "@seen" ? [[Number(record.entries[0]?.[1])]] : [],
    });
    await received(host, { seconds: ${seconds}, attachSeconds: ${attachSeconds} });`,
  },
} satisfies Record<string, Victim>;

export type VictimName = keyof typeof victims;

export const victimNames = Object.keys(victims) as VictimName[];
