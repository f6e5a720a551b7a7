import { z } from "zod";
import {
  bpf,
  command,
  defineRows,
  field,
  type Probe,
  packetFields,
  stackDepth,
  stackField,
} from "../../lib/probes/index.js";
import type { BacklogEventsParameters } from "../parameters.js";
import {
  backlogClauses,
  backlogFilters,
  backlogHooks,
  backlogNotes,
  endingField,
  places,
  wait,
} from "./waiting.js";

const ns = bpf`$ns`;

/**
 * Shows packets that waited long in the backlog of a CPU, one row each: see {@link backlogSummary}, which counts all of them. Each packet costs the host about a microsecond, a row some more.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `slowerThanUs` (default 1000: those that waited so many microseconds, or more); `stacks` (default false; true for the
 * 8 innermost kernel functions, or a number); `device`; filters of packets, as {@link dropEvents} has them; `maxEvents` (default 10,000: rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `device` VARCHAR: network interface that the packets came in by
 * - `ending` VARCHAR: received: until the stack received it; dropped: until it was dropped, since there was no room
 * - `waited_ns` BIGINT, ns: since it came into the backlog
 * - `from_cpu` INTEGER: CPU that put them into the backlog
 * - `cpu` INTEGER: CPU that received them
 * - `ip_version` INTEGER: 4 or 6; null for what isn't IP
 * - `src` VARCHAR: source address
 * - `src_port` INTEGER: TCP, UDP or SCTP source port
 * - `dst` VARCHAR: destination address
 * - `dst_port` INTEGER: TCP, UDP or SCTP destination port
 * - `protocol` VARCHAR: IP protocol, or the EtherType of what isn't IP
 * - `length_bytes` INTEGER, bytes: IP packet by its own header; frame where it isn't IP
 * - `process` VARCHAR: what ran on that CPU
 * - `stack` VARCHAR: kernel functions, innermost first; null unless asked for
 *
 * `time_ns` is when the waiting ended; `process` and `stack` are of that moment: `ksoftirqd/N` where the softirq had been put off to a thread.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await backlogEvents(host, { seconds: 10, device: "br0", slowerThanUs: 2_000, stacks: true })
 */
export const backlogEvents: Probe<BacklogEventsParameters, "table"> = defineRows({
  name: "backlogEvents",
  revision: 1,
  measures: "packets that waited long in the backlogs of CPUs, one row each",
  hooks: backlogHooks,
  summary: "backlogSummary",
  mapKeys: 16_384,
  filters: backlogFilters,
  parameters: {
    slowerThanUs: z
      .int()
      .min(0)
      .max(60_000_000)
      .default(1_000)
      .describe("packets that waited so long or longer, in microseconds"),
    stacks: stackDepth,
  },
  fields: ({ stacks }) => [
    places.device,
    endingField,
    field({
      name: "waited_ns",
      type: "BIGINT",
      unit: "ns",
      meaning: "since it came into the backlog",
      say: () => ns,
    }),
    places.from_cpu,
    places.cpu,
    ...packetFields,
    field({
      name: "process",
      type: "VARCHAR",
      meaning: "what ran on that CPU",
      words: ["text"],
      say: () => command,
    }),
    stackField(stacks),
  ],
  program: (writing) => {
    const { parameters, anyPacket, emit } = writing;
    return backlogClauses(
      writing,
      true,
      (_, keep) => keep,
      (at) => bpf`if (${wait.ended} < ${wait.began}) { return; }
  ${ns} = ${wait.ended} - ${wait.began};
  if (${ns} < ${parameters.slowerThanUs * 1_000}) { return; }
  ${anyPacket(at, { skb: bpf`$skb`, offset: 0 }, emit(at))}`,
    );
  },
  notes: backlogNotes,
});
