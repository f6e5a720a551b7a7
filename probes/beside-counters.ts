import { type Host, hostCounters } from "../lib/hosts/index.js";
import type { CommonParameters, Probe } from "../lib/probes/index.js";
import type { Frame, Table } from "../lib/tables/index.js";

/** How long reading a host's counters twice may take. */
const readingSeconds = 180;

/**
 * Runs a probe, and reads all that the host counts of its packets before and after, while the probe looks on: what the probe saw beside what
 * queueing disciplines, connection tracking, protocols and devices counted themselves, see {@link hostCounters}.
 *
 * @param parameters those of the probe; `seconds` and `during` are between the two readings.
 * @returns `seen`, the probe's answer, and `counters`, the Table of {@link hostCounters}; a little of what the probe saw came before the first reading
 *   or after the second.
 * @throws SkbookError as the probe and {@link hostCounters} do; what the latter throws as the cause of `DURING_FAILED`.
 * @example const { seen, counters } = await besideCounters(host, qdiscDrops, { seconds: 10, device: "eth0" });
 *   await counters.sql("FROM this WHERE source = 'qdisc' AND change > 0")
 */
export async function besideCounters<Parameters, Shape extends "table" | "frame">(
  host: Host,
  probe: Probe<Parameters, Shape>,
  parameters: CommonParameters & Parameters,
): Promise<{ seen: Shape extends "table" ? Table : Frame; counters: Table }> {
  const { seconds, during } = parameters;
  let counters: Table | undefined;
  const seen = await probe(host, {
    ...parameters,
    seconds: Math.min(3_600, seconds + readingSeconds),
    during: async () => {
      counters = await hostCounters(host, { seconds, ...(during === undefined ? {} : { during }) });
    },
  });
  return { seen, counters: counters as Table };
}
