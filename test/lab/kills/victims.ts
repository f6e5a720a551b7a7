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
    const received = defineCounts({
      name: "received",
      measures: "packets that IPv4 receives, counted when it is done with them",
      hooks: { required: ["kprobe:ip_rcv", "kretprobe:ip_rcv"] },
      calls: true,
      fields: [],
      total: { name: "packets", unit: "packets", meaning: "received" },
      program: ({ call, count }) =>
        call("ip_rcv", { enter: (at, keep) => keep(at.arg(0)), leave: (at) => count(at) }),
    });
    await received(host, { seconds: ${seconds}, attachSeconds: ${attachSeconds} });`,
  },
} satisfies Record<string, Victim>;

export type VictimName = keyof typeof victims;

export const victimNames = Object.keys(victims) as VictimName[];
