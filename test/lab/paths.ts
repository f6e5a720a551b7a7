import { type Host, type PathSummaryParameters, pathSummary, pathTrace } from "../../lib/index.js";
import { together } from "../fixtures/together.js";
import { type Comparison, verdictOf } from "./compare.js";
import { inject, type PathFault } from "./faults/index.js";
import type { Lab } from "./lab.js";
import { rowsOf } from "./layers.js";
import { patience } from "./sightings.js";

/** What became of the packets that came in by the first device. */
interface Ways {
  lost: number;
  complete: number;
  /** Neither of the two, by what the probe calls it. */
  other: Record<string, number>;
  /** Rows that the probe itself lost. */
  missed: number | "unknown";
}

type Watch = (host: Host, asked: PathSummaryParameters, during: () => unknown) => Promise<Ways>;

const probes = {
  async pathSummary(host, asked, during) {
    const summary = await pathSummary(host, { ...asked, ...patience, during });
    const leg = asked.protocol === "ICMP" ? "request inside" : "there";
    const row = rowsOf(summary).find((one) => one.leg === leg) as Record<string, number> | undefined;
    if (row === undefined) throw new Error(`pathSummary has no leg "${leg}"`);
    const { packets_in = 0, completed = 0, lost = 0, unfinished = 0, unexpected = 0 } = row;
    const uncounted = packets_in - completed - lost - unfinished;
    return {
      ...{ lost, complete: completed, other: { unfinished, unexpected, uncounted } },
      missed: summary.provenance.lost,
    };
  },
  async pathTrace(host, asked, during) {
    const paths = await pathTrace(host, { ...asked, ...patience, during });
    const counted = await paths.sql(
      "SELECT status, count(*)::INTEGER AS packets FROM this WHERE way = 'there' GROUP BY status",
    );
    const by = Object.fromEntries(counted.values as [string, number][]);
    const gone = asked.protocol === "ICMP" ? "lost inside (request)" : "lost inside";
    const { complete = 0, [gone]: lost = 0, ...other } = by;
    return { lost, complete, other, missed: paths.provenance.lost };
  },
} satisfies Record<string, Watch>;

export type PathProbeName = keyof typeof probes;

/** Lets packets get lost between two devices while probes of paths look on: as many as the host's counter says, and none of the others. */
export async function* comparePaths(lab: Lab, faults: readonly PathFault[]): AsyncGenerator<Comparison> {
  for (const fault of faults) {
    let truth = 0;
    const asked = { ...fault.way, protocol: fault.protocol };
    // What puts it there sends packets that are no part of it.
    const injected = await inject(lab.host, fault);
    const ways = await together(
      Object.values<Watch>(probes).map((watch) => (during) => watch(lab.host, asked, during)),
      async () => {
        truth = await injected.hurt();
      },
    ).finally(() => injected.undo());
    for (const [index, probe] of (Object.keys(probes) as PathProbeName[]).entries()) {
      const { lost: seen, complete, other, missed: lost } = ways[index] as Ways;
      const strange = Object.entries(other).filter(([, packets]) => packets !== 0);
      const verdict = verdictOf(truth, { seen, elsewhere: 0, lost, isDrop: true });
      yield {
        ...{ fault: fault.name, probe, kernel: lab.kernel, truth, seen, lost },
        verdict: verdict === "ok" && strange.length > 0 ? "not all followed" : verdict,
        elsewhere: [`${complete} complete`, ...strange.map(([name, packets]) => `${packets} ${name}`)],
      };
    }
  }
}
