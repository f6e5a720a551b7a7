import type { ErrorFacts } from "../../errors/index.js";
import type { NetworkLoad } from "../../hosts/index.js";
import type { ProbeDefinition } from "./definition.js";

/** What a probe of events may cost. */
export interface Budget {
  maxEventsPerSecond: number;
  force: boolean;
}

type Limited = Pick<ProbeDefinition, "name" | "upTo" | "summary">;

/** Exit code of a command that was not started, since the host is too busy for it. */
export const busyCode = 75;

/** What a host has of a probe's events at most: which number of its load that is, and what it is called. */
const bounds = {
  packets: { which: 1, of: "packets", rate: ({ packetsPerSecond }: NetworkLoad) => packetsPerSecond },
  drops: { which: 2, of: "drops", rate: ({ dropsPerSecond }: NetworkLoad) => dropsPerSecond },
  resent: {
    which: 3,
    of: "segments sent again, resets and new connections",
    rate: ({ resentPerSecond = 0 }: NetworkLoad) => resentPerSecond,
  },
} as const;

/** Which of the numbers of a load is held against the budget. */
export function budgetOf({ upTo = "packets" }: Limited, { maxEventsPerSecond, force }: Budget) {
  return { which: bounds[upTo].which, limit: force ? Number.MAX_SAFE_INTEGER : maxEventsPerSecond };
}

/** Why nothing was attached to a host that has more events to expect than the budget allows. */
export function tooBusy(
  definition: Limited,
  host: string,
  { maxEventsPerSecond }: Budget,
  load: NetworkLoad,
): ErrorFacts {
  const { name, summary, upTo = "packets" } = definition;
  const { of, rate } = bounds[upTo];
  const estimate = rate(load);
  return {
    code: "TOO_BUSY",
    tried: `run ${name} on ${host}; nothing was attached`,
    failed: `the host has about ${estimate.toLocaleString("en-US")} ${of} a second now, more than the ${maxEventsPerSecond.toLocaleString("en-US")} events a second that the probe may print`,
    todo: `${summary === undefined ? "" : `count with ${summary} first, which costs little at any rate; `}give force: true where filters leave few of them, or raise maxEventsPerSecond: an event costs the host up to 10 µs of one CPU`,
    details: { estimate, maxEventsPerSecond, summary: summary ?? null, load: { ...load } },
  };
}
