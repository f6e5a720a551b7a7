import { together } from "../../fixtures/together.js";
import { inject } from "../faults/index.js";
import type { KernelVersion } from "../kernels.js";
import type { Lab } from "../lab.js";
import type { Bounds, Growth, LatencyFault, Look, Seen, Spread } from "./fault.js";

/** What a probe said of one thing that had to grow, or of all that had not to. */
interface LatencyComparison {
  fault: string;
  probe: string;
  kernel: KernelVersion;
  label: string;
  injectedMs: number;
  /** By how much it grew, at least and at most. */
  measuredMs: Bounds | null;
  /** `ok`, or what is wrong. */
  verdict: string;
  /** Samples beside what was counted, and rows that grew though they should not. */
  beside: string[];
}

/** How far a growth may be off: 1 ms and a tenth of what was injected. */
const toleranceMs = (injectedMs: number) => 1 + injectedMs / 10;

/** Of the same traffic without a fault what a probe says is the same: asked once. */
type Baselines = Map<string, Seen>;

/** Makes packets late, one fault after the other, while probes look on, and says what each of these found. */
export async function* compareLatency(
  lab: Lab,
  faults: readonly LatencyFault[],
): AsyncGenerator<LatencyComparison> {
  const baselines: Baselines = new Map();
  for (const fault of faults) {
    if (fault.kernels !== undefined && !fault.kernels.includes(lab.kernel)) continue;
    yield* await compareOne(lab, fault, baselines);
  }
}

async function compareOne(lab: Lab, fault: LatencyFault, baselines: Baselines): Promise<LatencyComparison[]> {
  const keyOf = ({ watch }: Look) => [watch.probe, ...(fault.ready ?? []), ...fault.hurt].join("\n");
  const unknown = fault.looks.filter((look) => !baselines.has(keyOf(look)));
  if (unknown.length > 0) {
    const { seen } = await watched(lab, { ...fault, put: [], undo: [] }, unknown);
    for (const [index, look] of unknown.entries()) baselines.set(keyOf(look), seen[index] as Seen);
  }
  const { seen, hurt } = await watched(lab, fault, fault.looks);
  return fault.looks.flatMap((look, index) =>
    verdicts(look, baselines.get(keyOf(look)) as Seen, seen[index] as Seen, hurt).map((verdict) => ({
      fault: fault.name,
      probe: look.watch.probe,
      kernel: lab.kernel,
      ...verdict,
    })),
  );
}

/** Sends a fault's traffic while its probes look on. */
async function watched(
  { host }: Lab,
  fault: LatencyFault,
  looks: readonly Look[],
): Promise<{ seen: Seen[]; hurt: number }> {
  const { ready = [], after = [] } = fault;
  const injected = await inject(host, {
    ...fault,
    put: [...ready, ...fault.put],
    undo: [...fault.undo, ...after],
  });
  let hurt = 0;
  try {
    const seen = await together(
      looks.map(
        ({ watch }) =>
          (during) =>
            watch.watch(host, during),
      ),
      async () => {
        hurt = await injected.hurt();
      },
    );
    return { seen, hurt };
  } finally {
    await injected.undo();
  }
}

/** What is to be said of a probe's rows with a fault, beside those without. */
export function verdicts(
  { grows, counts, open = [] }: Look,
  before: Seen,
  now: Seen,
  hurt: number,
): Omit<LatencyComparison, "fault" | "probe" | "kernel">[] {
  const of = (seen: Seen, label: string) => seen.spreads.find((one) => one.label === label);
  const books = [
    ...(now.lost === 0 ? [] : [`lost ${now.lost}`]),
    ...now.odd,
    ...(counts === undefined || of(now, counts)?.count === hurt
      ? []
      : [`${of(now, counts)?.count ?? 0} samples of ${counts} where ${hurt} were counted`]),
  ];
  const grown = grows.map((growth) => {
    const measuredMs = growthOf(of(before, growth.label), of(now, growth.label), growth.at ?? "p50");
    return {
      label: growth.label,
      injectedMs: growth.ms,
      measuredMs,
      verdict: books.length > 0 ? books.join(", ") : verdictOf(growth, measuredMs),
      beside: counts === growth.label ? [`${hurt} counted`] : [],
    };
  });
  const injectedMs = Math.max(0, ...grows.map(({ ms }) => ms));
  const left = (label: string) => open.includes(label) || grows.some((one) => one.label === label);
  const others = now.spreads
    .filter(({ label }) => !left(label))
    .map((spread) => ({ spread, growth: growthOf(of(before, spread.label), spread, "p50") }));
  // A row that was not there before begins at nothing.
  const wrong = others.filter(({ growth }) => growth !== null && growth[0] > toleranceMs(injectedMs));
  const rest = {
    label: `${others.length} others`,
    injectedMs: 0,
    measuredMs: mostOf(others.map(({ growth }) => growth)),
    verdict: books.length > 0 ? books.join(", ") : wrong.length === 0 ? "ok" : "others grew",
    beside: wrong.map(({ spread, growth }) => `${spread.label} by ${growth?.map(shown).join("..")} ms`),
  };
  return [...grown, rest];
}

function verdictOf({ ms }: Growth, measured: Bounds | null): string {
  if (measured === null) return "not seen";
  const [low, high] = measured;
  if (high < ms - toleranceMs(ms)) return "grew too little";
  return low > ms + toleranceMs(ms) ? "grew too much" : "ok";
}

/** By how much a percentile grew at least and at most: it is known between bounds, before and now. */
function growthOf(before: Spread | undefined, now: Spread | undefined, at: "p50" | "p99"): Bounds | null {
  if (now === undefined || now.count === 0) return null;
  const [low, high] = before === undefined || before.count === 0 ? [0, 0] : before[at];
  return [(now[at][0] - high) / 1e6, (now[at][1] - low) / 1e6];
}

function mostOf(all: readonly (Bounds | null)[]): Bounds | null {
  const known = all.filter((one): one is Bounds => one !== null);
  return known.length === 0 ? null : known.reduce((most, one) => (one[0] > most[0] ? one : most));
}

/** Milliseconds as they are printed. */
export function shown(ms: number): string {
  return ms.toFixed(2);
}
