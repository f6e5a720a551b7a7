/** What is cut off, by name: the cell that runs it on `host`. All would go on for minutes, unless a deadline is to end them. */
export const victims = {
  dropEvents: (seconds: number, attachSeconds: number) =>
    `await dropEvents(host, { seconds: ${seconds}, attachSeconds: ${attachSeconds} });`,
  capture: (seconds: number) => `await capture(host, { device: "any", seconds: ${seconds} });`,
  ring: (seconds: number) =>
    `await capture(host, { device: "any", lastBytes: 2 ** 20, seconds: ${seconds} });`,
  kprobe: (seconds: number, attachSeconds: number) => `
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
} as const;

export type VictimName = keyof typeof victims;

export const victimNames = Object.keys(victims) as VictimName[];
