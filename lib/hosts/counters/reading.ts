import type { Snapshot } from "../sections.js";
import type { Counter } from "./counter.js";
import { conntrackCounters, softnetCounters } from "./cpu-files.js";
import { deviceCounters } from "./devices.js";
import { nicCounters } from "./nics.js";
import { ovsCounters } from "./ovs.js";
import { protocolCounters } from "./protocols.js";

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
