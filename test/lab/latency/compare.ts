import { SkbookError } from "../../../lib/errors/index.js";
import { together } from "../../fixtures/together.js";
import { inject, numbers, run } from "../faults/index.js";
import type { KernelVersion } from "../kernels.js";
import type { Lab } from "../lab.js";
import type { Bounds, LatencyFault, Look, Percentile, Seen, Spread } from "./fault.js";

/** What a probe said of one thing that had to grow, or of all that had not to. */
export interface LatencyComparison {
  fault: string;
  probe: string;
  kernel: KernelVersion;
  label: string;
  /** By how much it was made late, by the clock of what made it late. */
  injectedMs: number;
  /** By how much it grew, at least and at most. */
  measuredMs: Bounds | null;
  /** `ok`, or what is wrong. */
  verdict: string;
  /** Samples beside what was counted, and rows that grew though they should not. */
  beside: string[];
  /** Whether a busy machine may have made it so: of books that don't add up though nothing was lost it has not. */
  again: boolean;
}

/** How far a growth may be off: 1 ms and a tenth of what was injected. */
const toleranceMs = (injectedMs: number) => 1 + injectedMs / 10;

/** A machine of whose time others take much is measured once more, with and without the fault, one behind the other. */
const attempts = 3;

/** What was done, as what did it says. */
export interface Done {
  count: number;
  tookMs: Readonly<Record<Percentile, number>>;
}

/** What all probes said at the same time. */
interface Measured {
  seen: Seen[];
  done: Done;
}

/** Of the same traffic without a fault what probes say is the same: asked once, unless a comparison with it fails. */
type Baselines = Map<string, Measured>;

/** Makes things late, one fault after the other, while probes look on, and says what each of these found. */
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
  const { looks, late, calm = late, ready = [] } = fault;
  const key = [...looks.map(({ watch }) => watch.probe), ...ready, ...calm].join("\n");
  const before: string[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const found = await attempted(lab, fault, baselines, key).catch(failed(fault));
    const said = found.map((one) => ({
      ...one,
      fault: fault.name,
      kernel: lab.kernel,
      beside: [...one.beside, ...(attempt > 1 ? [`attempt ${attempt}, after ${before.join("; ")}`] : [])],
    }));
    const wrong = found.filter(({ verdict }) => verdict !== "ok");
    if (attempt === attempts || wrong.length === 0 || wrong.some(({ again }) => !again)) return said;
    before.push([...new Set(wrong.map(({ verdict }) => verdict))].join(", "));
    baselines.delete(key);
  }
}

type Found = Omit<LatencyComparison, "fault" | "kernel">;

async function attempted(lab: Lab, fault: LatencyFault, baselines: Baselines, key: string): Promise<Found[]> {
  const { looks, late, calm = late } = fault;
  const before = baselines.get(key) ?? (await watched(lab, { ...fault, put: [], undo: [], late: calm }));
  baselines.set(key, before);
  const now = await watched(lab, fault);
  return looks.flatMap((look, index) =>
    verdicts(look, fault.ms, { before, now }, index).map((verdict) => ({
      probe: look.watch.probe,
      ...verdict,
    })),
  );
}

/** A probe that did not come to its end, as on a machine that is too busy, has found nothing. */
const failed =
  ({ looks }: LatencyFault) =>
  (error: unknown): Found[] => {
    if (!(error instanceof SkbookError)) throw error;
    const { code, message } = error;
    return looks.map(({ watch: { probe } }) => ({
      ...{
        probe,
        label: "-",
        injectedMs: 0,
        measuredMs: null,
        verdict: code,
        beside: [message],
        again: true,
      },
    }));
  };

/** Does what is late while a fault's probes look on. */
async function watched({ host }: Lab, fault: LatencyFault): Promise<Measured> {
  const { name, ready = [], put = [], late, undo = [], after = [], looks } = fault;
  const injected = await inject(host, {
    name,
    put: [...ready, ...put],
    hurt: [],
    undo: [...undo, ...after],
  });
  let said = "";
  try {
    const seen = await together(
      looks.map(
        ({ watch }) =>
          (during) =>
            watch.watch(host, during),
      ),
      async () => {
        said = await run(host, fault, [...late, "sleep 0.5"]);
      },
    );
    return { seen, done: doneOf(said) };
  } finally {
    await injected.undo();
  }
}

function doneOf(said: string): Done {
  const took = /^took_us (\d+) (\d+)$/m.exec(said);
  if (took === null) throw new Error(`how long it took is not said: ${said}`);
  const count = numbers(said, "sent").reduce((sum, one) => sum + one, 0);
  return { count, tookMs: { p50: Number(took[1]) / 1e3, p99: Number(took[2]) / 1e3 } };
}

/** What is to be said of the rows of a fault's probe, beside those without the fault. */
export function verdicts(
  { grows, counts, open = [] }: Look,
  leastMs: number,
  { before, now }: { before: Measured; now: Measured },
  which: number,
): Omit<LatencyComparison, "fault" | "probe" | "kernel">[] {
  const [old, seen] = [before.seen[which] as Seen, now.seen[which] as Seen];
  const of = ({ spreads }: Seen, label: string) => spreads.find((one) => one.label === label);
  const injectedMs = (at: Percentile) => Math.max(0, now.done.tookMs[at] - before.done.tookMs[at]);
  const books = [
    ...(seen.lost === 0 ? [] : [`lost ${seen.lost}`]),
    ...seen.odd,
    ...(counts === undefined || of(seen, counts)?.count === now.done.count
      ? []
      : [`${of(seen, counts)?.count ?? 0} samples of ${counts} where ${now.done.count} were counted`]),
  ];
  const again = books.length === 0 || seen.lost !== 0;
  const grown = grows.map((growth) => {
    const at = growth.at ?? "p50";
    const injected = injectedMs(growth.by ?? growth.at ?? "p50");
    const measuredMs = growthOf(of(old, growth.label), of(seen, growth.label), at);
    return {
      label: `${growth.label} (${at})`,
      injectedMs: injected,
      measuredMs,
      verdict: books.length > 0 ? books.join(", ") : verdictOf(leastMs, injected, measuredMs),
      beside: counts === growth.label ? [`${now.done.count} counted`] : [],
      again,
    };
  });
  const left = (label: string) => open.includes(label) || grows.some((one) => one.label === label);
  const others = seen.spreads
    .filter(({ label }) => !left(label))
    .map((spread) => ({ spread, growth: growthOf(of(old, spread.label), spread, "p50") }));
  // A row that was not there before begins at nothing.
  const wrong = others.filter(({ growth }) => growth !== null && growth[0] > toleranceMs(leastMs));
  const rest = {
    label: `${others.length} others (p50)`,
    injectedMs: 0,
    measuredMs: mostOf(others.map(({ growth }) => growth)),
    verdict: books.length > 0 ? books.join(", ") : wrong.length === 0 ? "ok" : "others grew",
    beside: wrong.map(({ spread, growth }) => `${spread.label} by ${growth?.map(shown).join("..")} ms`),
    again,
  };
  return [...grown, rest];
}

function verdictOf(leastMs: number, injectedMs: number, measured: Bounds | null): string {
  if (injectedMs < leastMs - toleranceMs(leastMs)) return "the fault was not in place";
  if (measured === null) return "not seen";
  const [low, high] = measured;
  if (high < injectedMs - toleranceMs(injectedMs)) return "grew too little";
  return low > injectedMs + toleranceMs(injectedMs) ? "grew too much" : "ok";
}

/** By how much a percentile grew at least and at most: it is known between bounds, before and now. */
function growthOf(
  before: Spread | undefined,
  now: Spread | undefined,
  at: Percentile | "p90",
): Bounds | null {
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
