import { dropEvents, dropSummary, type Host } from "../../lib/index.js";

/** Packets that a probe saw the kernel free, by reason and function. */
export interface Sighting {
  reason: string | null;
  site: string;
  /** null for what was on none, such as messages of netlink. */
  device: string | null;
  packets: number;
}

export interface Sightings {
  all: Sighting[];
  lost: number | "unknown";
}

/** A probe of drops as the truth meets it: attached while something is done. */
export type DropProbe = (host: Host, during: () => unknown) => Promise<Sightings>;

/** Long enough for many faults, since the probes end when they are over; and compiling is slow in an emulated machine. */
export const patience = { seconds: 300, attachSeconds: 240 };

/** Room for a flood of events, for what reads them may have to wait for a processor. */
export const manyEvents = { maxEvents: 100_000, bufferPages: 4_096 };

/** Those that are held against the truth, by name. */
export const dropProbes = {
  async dropSummary(host, during) {
    const summary = await dropSummary(host, { ...patience, during });
    const all = summary.values.map((row) => {
      const [reason, site, device, drops] = row as [string | null, string, string | null, number];
      return { reason, site, device, packets: drops };
    });
    return { all, lost: summary.provenance.lost };
  },
  async dropEvents(host, during) {
    const events = await dropEvents(host, { ...patience, ...manyEvents, during });
    const counted = await events.sql(
      "SELECT reason, site, device, count(*)::INTEGER FROM this GROUP BY ALL ORDER BY ALL",
    );
    const all = counted.values.map((row) => {
      const [reason, site, device, packets] = row as [string | null, string, string | null, number];
      return { reason, site, device, packets };
    });
    return { all, lost: events.provenance.lost };
  },
} satisfies Record<string, DropProbe>;

export type DropProbeName = keyof typeof dropProbes;
