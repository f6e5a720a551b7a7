import { z } from "zod";
import { BpfMap, bpf, command, defineRows, field, type Probe } from "../../lib/probes/index.js";
import type { SoftirqEventsParameters } from "../parameters.js";
import { here, now, since, softirqClauses, softirqFields, softirqFilters, softirqHooks } from "./softirqs.js";

/** How long the one that runs had waited. */
const waits = new BpfMap("waited", false);
const [waited, ran] = [bpf`$waited`, bpf`$ran`];

/**
 * Shows softirqs that waited or ran long, one row each, when they end: see {@link softirqSummary}, which has all of them, and {@link latencyByCpu}, which draws on which CPU and when.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `slowerThanUs` (default 1000: those that waited or ran so many microseconds, or more; 0 for all); `vectors`, one or several names
 * such as NET_RX (default all); `maxEvents` (default 10,000: rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `vector` VARCHAR: which softirq, as /proc/softirqs names it
 * - `cpu` INTEGER: CPU that it ran on
 * - `ksoftirqd` BOOLEAN: ran in the thread that takes over when there is too much of it
 * - `waited_ns` BIGINT, ns: from its raise until it ran; null: its raise was not seen
 * - `ran_ns` BIGINT, ns: from its begin to its end, with the interrupts meanwhile
 * - `command` VARCHAR: name of the thread that it came on top of on that CPU
 *
 * A softirq that is raised again while it waits waits since the first time. `command` is whom it came on top of: of one that waited, often who had the CPU meanwhile; `ksoftirqd/N` where it had been put off to that thread.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await softirqEvents(host, { seconds: 10, vectors: "NET_RX", slowerThanUs: 2_000 })
 */
export const softirqEvents: Probe<SoftirqEventsParameters, "table"> = defineRows({
  name: "softirqEvents",
  revision: 2,
  measures: "softirqs that waited or ran long, one row each",
  hooks: softirqHooks,
  summary: "softirqSummary",
  filters: softirqFilters,
  parameters: {
    slowerThanUs: z
      .int()
      .min(0)
      .max(60_000_000)
      .default(1_000)
      .describe("softirqs that waited or ran so long or longer, in microseconds"),
  },
  fields: [
    softirqFields.vector,
    softirqFields.cpu,
    softirqFields.ksoftirqd,
    field({
      name: "waited_ns",
      type: "BIGINT",
      unit: "ns",
      meaning: "from its raise until it ran; null: its raise was not seen",
      say: () => waited,
      read: ([word = "0"]) => (word === "0" ? null : Number(word)),
    }),
    field({
      name: "ran_ns",
      type: "BIGINT",
      unit: "ns",
      meaning: "from its begin to its end, with the interrupts meanwhile",
      say: () => ran,
    }),
    field({
      name: "command",
      type: "VARCHAR",
      meaning: "name of the thread that it came on top of on that CPU",
      words: ["text"],
      say: () => command,
    }),
  ],
  program: ({ emit, parameters, ...writing }) => {
    const leastNs = parameters.slowerThanUs * 1_000;
    return softirqClauses(writing, {
      waited: () => bpf`${waits.at(...here)} = ${now} - ${since};`,
      ran: (
        at,
      ) => bpf`${waited} = ${waits.at(...here)}; ${ran} = ${now} - ${since}; delete(${waits.at(...here)});
  if (${waited} < ${leastNs} && ${ran} < ${leastNs}) { return; }
  ${emit(at)}`,
    });
  },
});
