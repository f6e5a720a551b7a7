import { type Fault, inject, type Place, type Truth } from "./faults/index.js";
import type { KernelVersion } from "./kernels.js";
import type { Lab } from "./lab.js";
import { type DropProbeName, dropProbes, type Sighting, type Sightings } from "./sightings.js";

/** What a probe saw of a fault, beside how many packets it hurt. */
export interface Comparison {
  fault: string;
  probe: DropProbeName;
  kernel: KernelVersion;
  truth: Truth;
  /** At the places where that kernel frees such packets. */
  seen: number;
  lost: number | "unknown";
  /** `ok`: as many as the truth; `unseen`: none, as has to be where the kernel doesn't count it as a drop; else what is wrong. */
  verdict: string;
  /** What was freed meanwhile where none of the faults is. */
  elsewhere: Sighting[];
}

const probeNames = Object.keys(dropProbes) as DropProbeName[];

/** Lets faults do harm, one after the other, while all probes look on: as many at a time as have places of their own. */
export async function compare(lab: Lab, faults: readonly Fault[]): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const round of rounds(lab.kernel, faults)) comparisons.push(...(await compareRound(lab, round)));
  return comparisons;
}

async function compareRound(lab: Lab, faults: readonly Fault[]): Promise<Comparison[]> {
  const truths: Truth[] = [];
  const seen = await together(
    probeNames.map((probe) => (during) => dropProbes[probe](lab.host, during)),
    async () => {
      for (const fault of faults) truths.push(await harm(lab, fault));
    },
  );
  const places = faults.map(({ drops }) => drops[lab.kernel]);
  return faults.flatMap((fault, index) =>
    probeNames.map((probe, which) =>
      comparison(lab.kernel, fault, probe, truths[index] as Truth, seen[which] as Sightings, places),
    ),
  );
}

async function harm({ host }: Lab, fault: Fault): Promise<Truth> {
  const injected = await inject(host, fault);
  try {
    return await injected.hurt();
  } finally {
    await injected.undo();
  }
}

/** Faults whose packets are freed at the same place can't be told apart: each round has one of them. */
function rounds(kernel: KernelVersion, faults: readonly Fault[]): Fault[][] {
  const all: Fault[][] = [];
  for (const fault of faults) {
    const free = all.find(
      (round) => !round.some((other) => overlap(fault.drops[kernel], other.drops[kernel])),
    );
    if (free === undefined) all.push([fault]);
    else free.push(fault);
  }
  return all;
}

function overlap(one: Place | null, other: Place | null): boolean {
  return (
    one !== null && other !== null && one.sites.some((site) => isAt({ reason: one.reason, site }, other))
  );
}

function isAt({ reason, site }: Pick<Sighting, "reason" | "site">, place: Place | null): boolean {
  return place !== null && place.reason === reason && place.sites.includes(site);
}

/** Calls several things that take a `during`, and acts once all of them are ready. */
export async function together<Result>(
  calls: readonly ((during: () => Promise<void>) => Promise<Result>)[],
  act: () => Promise<void>,
): Promise<Result[]> {
  let waiting = calls.length;
  let begin: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const acted = ready.then(act);
  const during = () => {
    waiting -= 1;
    if (waiting === 0) begin();
    return acted;
  };
  return Promise.all(calls.map((call) => call(during)));
}

function comparison(
  kernel: KernelVersion,
  { name, drops }: Fault,
  probe: DropProbeName,
  truth: Truth,
  { all, lost }: Sightings,
  places: readonly (Place | null)[],
): Comparison {
  const place = drops[kernel];
  const seen = sum(all.filter((one) => isAt(one, place)));
  const elsewhere = all.filter((one) => !places.some((other) => isAt(one, other)));
  const verdict = verdictOf(truth, { seen, elsewhere: sum(elsewhere), lost, countsAsDrop: place !== null });
  return { fault: name, probe, kernel, truth, seen, lost, verdict, elsewhere };
}

function verdictOf(
  { least, most }: Truth,
  saw: { seen: number; elsewhere: number; lost: number | "unknown"; countsAsDrop: boolean },
): string {
  if (most === 0) return "nothing was hurt";
  if (saw.lost !== 0) return `lost ${saw.lost}`;
  if (!saw.countsAsDrop) return saw.elsewhere < least ? "unseen" : "seen against expectation";
  if (saw.seen < least) return "too few";
  return saw.seen > most ? "too many" : "ok";
}

function sum(sightings: readonly Sighting[]): number {
  return sightings.reduce((total, { packets }) => total + packets, 0);
}
