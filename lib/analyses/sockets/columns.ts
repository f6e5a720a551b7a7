import { type Column, unixNanoseconds } from "../../tables/index.js";
import { limits, shareColumn } from "./steps.js";

export const time: Column = {
  ...{ name: "time_ns", type: "BIGINT", unit: unixNanoseconds },
  meaning: "when the sample was taken, by the host's clock",
};
export const flow: Column = { name: "flow", type: "VARCHAR", meaning: "own end → peer" };
export const socket: Column = {
  name: "socket",
  type: "VARCHAR",
  meaning: "the kernel's cookie of the socket",
};
export const elapsed: Column = {
  ...{ name: "elapsed_us", type: "BIGINT", unit: "µs" },
  meaning: "since the sample before",
};
export const limit: Column = {
  ...{ name: "limit", type: "VARCHAR" },
  meaning: `what held it up for the largest share of the time: ${limits.join(", ")}; null: unknown`,
};

const meanings: Record<(typeof limits)[number], string> = {
  application: "the application gave it nothing more to send",
  "send buffer": "its own send buffer was full of what is in flight",
  "receiver window": "the peer's window allowed no more",
  "congestion window": "the congestion window was full",
  pacing: "a rate that somebody set (SO_MAX_PACING_RATE, fq maxrate) was reached",
  loss: "what was lost was being sent again",
  path: "none of these: the rate of the path, or a queue in it",
};

/** Shares of time by limit. */
export const shares: Column[] = limits.map((name) => ({
  ...{ name: shareColumn(name), type: "DOUBLE", meaning: `share of the time, 0 to 1: ${meanings[name]}` },
}));

export function amount(name: string, unit: string, meaning: string): Column {
  return { name, type: "BIGINT", unit, meaning };
}

export function ratio(name: string, meaning: string, unit?: string): Column {
  return { name, type: "DOUBLE", meaning, ...(unit === undefined ? {} : { unit }) };
}

export function bitRate(name: string, meaning: string): Column {
  return { name, type: "DOUBLE", unit: "bit/s", meaning };
}

export function word(name: string, meaning: string): Column {
  return { name, type: "VARCHAR", meaning };
}
