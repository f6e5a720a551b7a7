import type { Host } from "../../lib/hosts/index.js";
import type { Frame, Table } from "../../lib/tables/index.js";
import { backlogSummary } from "../backlog/index.js";
import type { Part } from "../beside.js";
import { upcallSummary } from "../ovs/index.js";
import { qdiscLatencySummary } from "../qdisc/index.js";
import { wakeupEvents, wakeupSummary } from "../scheduler/index.js";
import { softirqSummary } from "../softirq/index.js";
import { stageSummary } from "../stages/index.js";
import type { LatePackets } from "./packets.js";
import { softirqsBy, wakeupsBy } from "./tables.js";

/** What is looked at: packets, where any were asked for, and threads, where there are any. */
export interface Looks {
  packets: LatePackets | undefined;
  threads: readonly number[];
  slowerThanUs: number;
}
type Common = { seconds: number; attachSeconds?: number };

/** The probes of a latencyReport, each beside the others. */
export function partsOf(host: Host, { packets, threads, slowerThanUs }: Looks, common: Common) {
  const part = <Result extends Frame | Table>(
    { definition: { name } }: { definition: { name: string } },
    run: Part<Result>["run"],
  ): Part<Result> => ({ name, run });
  const { from, to, ...filters } = packets ?? {};
  const asked = { ...common, ...filters };
  const outs = to === undefined || to === "stack" ? [] : [to].flat();
  const device = outs.length === 1 ? { device: outs[0] as string } : {};
  const ofPackets = packets && {
    stages:
      from === undefined || to === undefined
        ? undefined
        : part(stageSummary, (during) => stageSummary(host, { ...asked, from, to, during })),
    queues: part(qdiscLatencySummary, (during) =>
      qdiscLatencySummary(host, { ...asked, ...device, by: ["device", "queue", "qdisc"], during }),
    ),
    backlogs: part(backlogSummary, (during) =>
      backlogSummary(host, { ...asked, by: ["device", "cpu", "ksoftirqd"], during }),
    ),
    upcalls: part(upcallSummary, (during) =>
      upcallSummary(host, { ...asked, by: ["device", "reason", "error"], during }),
    ),
  };
  const who = { ...common, threads: [...threads] };
  const ofThreads = threads.length > 0 && {
    late: part(wakeupEvents, (during) => wakeupEvents(host, { ...who, slowerThanUs, during })),
    wakeups: part(wakeupSummary, (during) => wakeupSummary(host, { ...who, by: [...wakeupsBy], during })),
  };
  const softirqs = part(softirqSummary, (during) =>
    softirqSummary(host, { ...common, vectors: ["NET_RX", "NET_TX"], by: [...softirqsBy], during }),
  );
  return { ...ofPackets, ...ofThreads, softirqs };
}
