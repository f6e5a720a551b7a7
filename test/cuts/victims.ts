import { setTimeout as sleep } from "node:timers/promises";
import { capture, dropEvents, dropSummary, type Host, softirqSummary } from "../../lib/index.js";

/** What is cut off: probes of each kind, captures, rings, and several at once. */
export const victims = {
  events: (host: Host, time: Time) => dropEvents(host, time),
  counts: (host: Host, time: Time) => dropSummary(host, time),
  histogram: (host: Host, time: Time) => softirqSummary(host, time),
  capture: (host: Host, { seconds }: Time) => capture(host, { device: "lo", seconds }),
  ring: (host: Host, { seconds }: Time) => capture(host, { device: "lo", seconds, lastBytes: 2 ** 20 }),
  /** Ended by what it watches, as most are that have a `during`. */
  ended: (host: Host, time: Time) => dropSummary(host, { ...time, during: () => sleep(1_000) }),
  campaign: (host: Host, time: Time) =>
    dropSummary(host, {
      ...time,
      during: () =>
        Promise.all([
          dropEvents(host, time),
          capture(host, { device: "lo", seconds: time.seconds }),
          host.exec(["sleep", String(time.seconds)], { deadlineSeconds: time.seconds + time.attachSeconds }),
        ]),
    }),
} as const;

export interface Time {
  seconds: number;
  attachSeconds: number;
}

export type VictimName = keyof typeof victims;

export const victimNames = Object.keys(victims) as VictimName[];
