import type { Json } from "../../cases/index.js";
import { SkbookError } from "../../errors/index.js";
import { type Host, type NetworkLoad, readLoad } from "../../hosts/index.js";
import type { ProbeDefinition } from "./definition.js";

/** What a probe of events may cost. */
export interface Budget {
  maxEventsPerSecond: number;
  force: boolean;
}

type Limited = Pick<ProbeDefinition<never, "table" | "frame">, "name" | "upTo" | "summary">;

/**
 * Looks how busy a host is before a probe of events is attached there.
 *
 * @returns what was seen; null where the host doesn't say.
 * @throws SkbookError `TOO_BUSY` where more events are to be expected than the budget allows, unless forced.
 */
export async function checkBudget(
  host: Host,
  definition: Limited,
  { maxEventsPerSecond, force }: Budget,
  params: { [key: string]: Json },
): Promise<NetworkLoad | null> {
  const load = await readLoad(host, { label: definition.name, ...params });
  const kind = definition.upTo ?? "packets";
  const estimate = kind === "drops" ? load?.dropsPerSecond : load?.packetsPerSecond;
  if (estimate === undefined || estimate <= maxEventsPerSecond || force) return load;
  throw new SkbookError({
    code: "TOO_BUSY",
    tried: `run ${definition.name} on ${host.name}; nothing was attached`,
    failed: `the host has about ${estimate.toLocaleString("en-US")} ${kind} a second now, more than the ${maxEventsPerSecond.toLocaleString("en-US")} events a second that the probe may print`,
    todo: `${definition.summary === undefined ? "" : `count with ${definition.summary} first, which costs little at any rate; `}give force: true where filters leave few of them, or raise maxEventsPerSecond: an event costs the host up to 10 µs of one CPU`,
    details: { estimate, maxEventsPerSecond, summary: definition.summary ?? null, load: { ...load } },
  });
}
