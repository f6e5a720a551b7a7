import { dropEvents, dropSummary, type Host } from "../../lib/index.js";

/** Packets that a probe saw the kernel free, by reason and function. */
export interface Sighting {
  reason: string | null;
  site: string;
  packets: number;
}

export interface Sightings {
  all: Sighting[];
  lost: number | "unknown";
}

/** A probe of drops as the truth meets it: attached while something is done. */
export type DropProbe = (host: Host, during: () => unknown) => Promise<Sightings>;

/** Long enough for every fault: the probes end when it is over. */
const seconds = 60;

/** Those that are held against the truth, by name. */
export const dropProbes = {
  async dropSummary(host, during) {
    const summary = await dropSummary(host, { seconds, during });
    const all = summary.values.map((row) => {
      const [reason, site, , drops] = row as [string | null, string, string | null, number];
      return { reason, site, packets: drops };
    });
    return { all, lost: summary.provenance.lost };
  },
  async dropEvents(host, during) {
    const events = await dropEvents(host, { seconds, during, maxEvents: 100_000 });
    const counted = await events.sql(
      "SELECT reason, site, count(*)::INTEGER FROM this GROUP BY ALL ORDER BY ALL",
    );
    const all = counted.values.map((row) => {
      const [reason, site, packets] = row as [string | null, string, number];
      return { reason, site, packets };
    });
    return { all, lost: events.provenance.lost };
  },
} satisfies Record<string, DropProbe>;

export type DropProbeName = keyof typeof dropProbes;
