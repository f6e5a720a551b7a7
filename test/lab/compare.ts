import { together } from "../fixtures/together.js";
import { type Fault, type Injectable, inject, type Place } from "./faults/index.js";
import type { KernelVersion } from "./kernels.js";
import type { Lab } from "./lab.js";
import type { LayerProbeName } from "./layers.js";
import type { PathProbeName } from "./paths.js";
import { type DropProbeName, dropProbes, type Sighting, type Sightings } from "./sightings.js";

/** What a probe saw of a fault, beside how many packets it hurt. */
export interface Comparison {
  fault: string;
  probe: DropProbeName | LayerProbeName | PathProbeName;
  kernel: KernelVersion;
  /** How many packets the fault hurt. */
  truth: number;
  /** At the places where that kernel frees such packets. */
  seen: number;
  lost: number | "unknown";
  /**
   * `ok`: as many as the truth; `unseen`: none, as has to be where the kernel doesn't count it as a drop; `silent`: none, as has to be of a
   * probe that looks at another layer; else what is wrong.
   */
  verdict: string;
  /** What it saw meanwhile that is of none of the faults, in words. */
  elsewhere: string[];
}

const probeNames = Object.keys(dropProbes) as DropProbeName[];

/** What each probe says of each fault: as many drops as there were, or none where that kernel doesn't count them as drops. */
export async function verdicts(comparisons: AsyncGenerator<Comparison>): Promise<object[]> {
  const all: object[] = [];
  for await (const { fault, probe, verdict, seen, truth, elsewhere } of comparisons) {
    const expected = ["ok", "unseen", "silent"].includes(verdict);
    all.push({ fault, probe, verdict, ...(expected ? {} : { seen, truth, elsewhere }) });
  }
  return all;
}

/** Lets faults do harm, one after the other, while all probes look on: as many at a time as have places of their own. */
export async function* compare(lab: Lab, faults: readonly Fault[]): AsyncGenerator<Comparison> {
  for (const round of rounds(lab.kernel, faults)) yield* await compareRound(lab, round);
}

async function compareRound(lab: Lab, faults: readonly Fault[]): Promise<Comparison[]> {
  const truths: number[] = [];
  const seen = await together(
    probeNames.map((probe) => (during) => dropProbes[probe](lab.host, during)),
    async () => {
      for (const fault of faults) truths.push(await harm(lab, fault));
    },
  );
  const places = faults.flatMap(({ drops }) => drops[lab.kernel]);
  const aftermath = faults.flatMap((fault) => fault.aftermath ?? []);
  return faults.flatMap((fault, index) =>
    probeNames.map((probe, which) =>
      comparison(lab.kernel, fault, probe, truths[index] as number, seen[which] as Sightings, {
        places,
        aftermath,
      }),
    ),
  );
}

/** Puts a fault there, sends what it hurts, and takes it away. */
export async function harm({ host }: Lab, fault: Injectable): Promise<number> {
  const injected = await inject(host, fault);
  try {
    return await injected.hurt();
  } finally {
    await injected.undo();
  }
}

/** Faults whose packets are freed at the same place can't be told apart: each round has one of them, and none with those that are freed nowhere. */
function rounds(kernel: KernelVersion, faults: readonly Fault[]): Fault[][] {
  const all: Fault[][] = [];
  for (const fault of faults) {
    const places = fault.drops[kernel];
    const fits = ({ drops }: Fault) =>
      (drops[kernel].length === 0) === (places.length === 0) &&
      !drops[kernel].some((place) => isAt(place, places));
    const free = all.find((round) => round.every(fits));
    if (free === undefined) all.push([fault]);
    else free.push(fault);
  }
  return all;
}

function isAt({ reason, site }: Place, places: readonly Place[]): boolean {
  return places.some((place) => place.reason === reason && place.site === site.replace(clone, ""));
}

/** What GCC adds to the name of a function that it made another version of. */
const clone = /(\.(constprop|isra|part|cold)(\.\d+)?)+$/;

function comparison(
  kernel: KernelVersion,
  { name, drops }: Fault,
  probe: DropProbeName,
  truth: number,
  { all, lost }: Sightings,
  expected: { places: readonly Place[]; aftermath: readonly string[] },
): Comparison {
  const seen = sum(all.filter((one) => isAt(one, drops[kernel])));
  const elsewhere = all.filter((one) => !isAt(one, expected.places));
  // What is on no device is no packet: messages between processes.
  const alarms = elsewhere.filter(
    (one) =>
      one.device !== null && !isPiece(one) && !expected.aftermath.includes(one.site.replace(clone, "")),
  );
  const verdict = verdictOf(truth, { seen, elsewhere: sum(alarms), lost, isDrop: drops[kernel].length > 0 });
  const words = elsewhere.map(
    ({ reason, site, device, packets }) => `${packets} ${reason ?? "-"} ${site} ${device ?? "-"}`,
  );
  return { fault: name, probe, kernel, truth, seen, lost, verdict, elsewhere: words };
}

/** The pieces of a packet that was put together are freed with it, delivered or not; before there were reasons, as if it were a drop of each. */
function isPiece({ reason, site }: Sighting): boolean {
  return reason === null && site === "skb_release_data";
}

/** What is to be said of a number beside the truth: see {@link Comparison.verdict}. */
export function verdictOf(
  truth: number,
  saw: { seen: number; elsewhere: number; lost: number | "unknown"; isDrop: boolean },
): string {
  if (truth === 0) return "nothing was hurt";
  if (saw.lost !== 0) return `lost ${saw.lost}`;
  if (saw.elsewhere > 0) return "false alarm";
  if (!saw.isDrop) return "unseen";
  if (saw.seen === truth) return "ok";
  return saw.seen < truth ? "too few" : "too many";
}

function sum(sightings: readonly Sighting[]): number {
  return sightings.reduce((total, { packets }) => total + packets, 0);
}
