import type { Host } from "../../../lib/index.js";
import type { Injectable } from "../faults/index.js";
import type { KernelVersion } from "../kernels.js";

/** The lowest and the highest that a number can be, in nanoseconds. */
export type Bounds = readonly [low: number, high: number];

/** How long something took, as a probe says it: one of its rows. */
export interface Spread {
  /** What: a pair of stages, a vector, a queue. */
  label: string;
  /** Samples. */
  count: number;
  p50: Bounds;
  p99: Bounds;
}

/** What a probe says of the packets that were sent while it looked on. */
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

/** What has to grow, and by how much. */
export interface Growth {
  label: string;
  ms: number;
  /** Which percentile: p99 of what hurts some packets only. Default p50. */
  at?: "p50" | "p99";
}

/** What a probe has to say of a fault: these of its rows grow, and no other does. */
export interface Look {
  watch: Watch;
  grows: readonly Growth[];
  /** The row that has as many samples as the fault's counter has counted packets. */
  counts?: string;
  /** Rows that are left alone: what the fault does to them is neither sure nor wrong. */
  open?: readonly string[];
}

/**
 * Something that makes packets late on a lab host, on purpose, by a time that is known. Its traffic, `hurt`, is sent once without it, too: what grows is told by the
 * difference.
 */
export interface LatencyFault extends Injectable {
  looks: readonly Look[];
  /** What the traffic needs, with the fault or without it; and what takes it away. */
  ready?: readonly string[];
  after?: readonly string[];
  /** Kernels that it can be put on; default all. */
  kernels?: readonly KernelVersion[];
}
