import type { Snapshot } from "../snapshot.js";
import { conntrackCounters, softnetCounters } from "./cpu-files.js";
import { deviceCounters } from "./devices.js";
import { nicCounters } from "./nics.js";
import { ovsCounters } from "./ovs.js";
import { protocolCounters } from "./protocols.js";

/** Where a counter is read. */
export type Source = "link" | "qdisc" | "nic" | "protocol" | "conntrack" | "softnet" | "ovs";

/** One counter at one moment. */
export interface Counter {
  source: Source;
  /** Inode of the network namespace; null where it is the whole host's. */
  netns: string | null;
  /** Device, queueing discipline, CPU, datapath; null where it is the namespace's. */
  subject: string | null;
  name: string;
  value: bigint;
  unit: "packets" | "bytes" | "events" | null;
  /** It counts packets that were dropped or damaged. */
  loss: boolean;
  /** Bits after which it starts at zero again. */
  bits: 32 | 64;
  /** Tells it from another of the same name, say of a device that was made anew. */
  identity: string;
}

/** The counters of a namespace, and when they were read: seconds since boot. */
export interface Read {
  at: number | null;
  counters: Counter[];
}

/** The counters that a host said, by network namespace; null stands for what is the whole host's. */
export function readingOf(sections: Snapshot, namespaces: Iterable<string>): Map<string | null, Read> {
  const at = (text: string | undefined) => (text === undefined || text === "" ? null : Number(text));
  const reads = new Map<string | null, Read>([
    [
      null,
      {
        at: at(sections.at),
        counters: [
          ...softnetCounters(sections.softnet ?? ""),
          ...nicCounters(sections),
          ...ovsCounters(sections.ovs ?? ""),
        ],
      },
    ],
  ]);
  for (const netns of namespaces) {
    const section = (name: string) => sections[`${name}.${netns}`] ?? "";
    reads.set(netns, {
      at: at(sections[`at.${netns}`]),
      counters: [
        ...deviceCounters(netns, section("links"), section("qdiscs")),
        ...protocolCounters(netns, section("snmp"), section("snmp6")),
        ...conntrackCounters(netns, section("conntrack")),
      ],
    });
  }
  return reads;
}
