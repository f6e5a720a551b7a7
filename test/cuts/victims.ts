import { setTimeout as sleep } from "node:timers/promises";
import {
  capture,
  dropEvents,
  dropSummary,
  type Host,
  listenSummary,
  socketSamples,
  transferReport,
} from "../../lib/index.js";
import { catalogue } from "../../probes/catalogue.js";
import { neededBy } from "../probes/needed.js";

export type Victim = (host: Host, time: Time) => Promise<unknown>;

/** This very process has locks; hardly any program calls that function, so that hardly any is stopped. */
const needed: { readonly [probe: string]: object } = {
  ...neededBy,
  lockSummary: { process: process.pid, others: true, functions: ["pthread_rwlock_wrlock"] },
};

const probes = catalogue.map((probe): [string, Victim] => {
  const { name } = probe.definition;
  return [name, (host, time) => (probe as unknown as Victim)(host, { ...time, ...needed[name] })];
});

/** What is cut off: every probe, captures, rings, samples of sockets, and several at once. */
export const victims: { readonly [name: string]: Victim } = {
  ...Object.fromEntries(probes),
  capture: (host: Host, { seconds }: Time) => capture(host, { device: "lo", seconds }),
  ring: (host: Host, { seconds }: Time) => capture(host, { device: "lo", seconds, lastBytes: 2 ** 20 }),
  sockets: (host: Host, { seconds }: Time) => socketSamples(host, { seconds, everyMs: 100 }),
  listening: (host: Host, { seconds }: Time) => listenSummary(host, { seconds, everyMs: 100 }),
  /** Samples, three probes and two captures. */
  transfer: (host: Host, { seconds }: Time) => transferReport(host, host, { dst: "127.0.0.1", seconds }),
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
};

export interface Time {
  seconds: number;
  attachSeconds: number;
}

export const victimNames = Object.keys(victims);
