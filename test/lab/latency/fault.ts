import type { Host } from "../../../lib/index.js";
import type { KernelVersion } from "../kernels.js";

/** The lowest and the highest that a number can be, in nanoseconds. */
export type Bounds = readonly [low: number, high: number];

/** What is late says by these how late. */
export type Percentile = "p50" | "p99";

/** How long something took, as a probe says it: one of its rows. */
export interface Spread {
  /** What: a pair of stages, a vector, a queue. */
  label: string;
  /** Samples. */
  count: number;
  p50: Bounds;
  p90: Bounds;
  p99: Bounds;
}

/** What a probe says while it looks on. */
export interface Seen {
  spreads: readonly Spread[];
  /** Of the probe's provenance. */
  lost: number | "unknown";
  /** What of its books is not as it has to be, in words: `2 strayed`. */
  odd: readonly string[];
}

/** A probe as the truth meets it. */
export interface Watch {
  probe: string;
  watch(host: Host, during: () => unknown): Promise<Seen>;
}

/** What has to grow: a percentile of a row by what was injected, in the same percentile. */
export type Growth = { label: string } & (
  | {
      /** p99 of what hurts some samples only; default p50. */
      at?: Percentile;
      by?: never;
    }
  | {
      /** Where the row has other samples, too. */
      at: "p90";
      /** Of those that are late. */
      by: Percentile;
    }
);

/** What a probe has to say of a fault: these of its rows grow, and no other does. */
export interface Look {
  watch: Watch;
  grows: readonly Growth[];
  /** The row that has as many samples as what was sent or done. */
  counts?: string;
  /** Rows that are left alone: what the fault does to them is neither sure nor wrong. */
  open?: readonly string[];
}

/**
 * Something that makes things late on a lab host, on purpose. All of it is shell text, where `L` is the lab's program that says how late it made them, by its own clock (`took_us P50 P99`, `sent N`). It is
 * done once without the fault, too: what grows is told by the difference, and has to be what `L` says it is.
 */
export interface LatencyFault {
  name: string;
  /** How late it makes things at least, in milliseconds: of less, the fault was not in place. */
  ms: number;
  /** What it needs, with the fault or without it; and what takes that away. */
  ready?: readonly string[];
  after?: readonly string[];
  /** Puts the fault there, and takes it away. */
  put?: readonly string[];
  undo?: readonly string[];
  /** What is late. */
  late: readonly string[];
  /** The same without the fault, where that differs. */
  calm?: readonly string[];
  looks: readonly Look[];
  /** Kernels that it can be put on; default all. */
  kernels?: readonly KernelVersion[];
}
