import { type Fault, inject, type Truth } from "./faults/index.js";
import type { Lab } from "./lab.js";
import { type DropProbeName, dropProbes, type Sighting, type Sightings } from "./sightings.js";

/** What a probe saw of a fault, beside how many packets it hurt. */
export interface Comparison {
  fault: string;
  probe: DropProbeName;
  kernel: string;
  truth: Truth;
  /** At the places where that kernel frees such packets. */
  seen: number;
  lost: number | "unknown";
  /** `ok`: as many as the truth; `unseen`: none, as has to be where the kernel doesn't count it as a drop; else what is wrong. */
  verdict: string;
  /** What else was freed meanwhile. */
  elsewhere: string;
}

/** Lets a fault do harm while the probes look on, all of them at the same packets. */
export async function compare(
  lab: Lab,
  fault: Fault,
  probes: readonly DropProbeName[] = Object.keys(dropProbes) as DropProbeName[],
): Promise<Comparison[]> {
  const injected = await inject(lab.host, fault);
  try {
    let truth: Truth | undefined;
    const seen = await together(
      probes.map((probe) => (during) => dropProbes[probe](lab.host, during)),
      async () => {
        truth = await injected.hurt();
      },
    );
    return probes.map((probe, index) =>
      comparison(lab, fault, probe, truth as Truth, seen[index] as Sightings),
    );
  } finally {
    await injected.undo();
  }
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
  { kernel }: Lab,
  { name, drops }: Fault,
  probe: DropProbeName,
  truth: Truth,
  { all, lost }: Sightings,
): Comparison {
  const place = drops[kernel];
  const there = all.filter(({ reason, site }) => place?.reason === reason && place.sites.includes(site));
  const seen = sum(there);
  const elsewhere = all.filter((one) => !there.includes(one));
  const verdict = verdictOf(truth, { seen, elsewhere: sum(elsewhere), lost, countsAsDrop: place !== null });
  const words = elsewhere.map(({ reason, site, packets }) => `${packets} ${reason ?? "-"} ${site}`);
  return { fault: name, probe, kernel, truth, seen, lost, verdict, elsewhere: words.join(", ") };
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
