import { HookSite, OwnStruct, type Site } from "../site.js";
import { attachPoint, type Bpf, bpf, joined, needsOf } from "../text/bpf.js";
import { BpfMap } from "../text/maps.js";

// A program tells of itself: `begin`, ticks, `over` and `end` with its clock. Only a tick that has come in proves that every hook is attached, since bpftrace reads
// what programs say once it has attached all; its own word does not. The time of the first tick proves it of tracepoints alone: functions (kprobes, uprobes) are
// attached behind the timer, the last in the program first. bpftrace throws away what stands in its buffers when it ends, and detaches from one hook after the other: so a program
// measures until it is over, by its time or by a signal, and one with rows ends only when bpftrace has had time to read them.

/** Where the kernel tells of a signal: of the ones that end a probe, too. */
export const endHook = "tracepoint:signal:signal_generate";

/** First word of the lines that carry rows. */
export const rowWord = "row";

const tickMs = 250;
const ticksPerSecond = 1_000 / tickMs;

const overSince = new BpfMap("over", false).at();
const firstTick = new BpfMap("since", false).at();
const self = new BpfMap("self", false).at();
const left = new BpfMap("left", false).at();
const rest = new BpfMap("rest", false).at();
const ready = new BpfMap("ready", false).at();

/** True until the measuring is over: for what is counted in two places, or in several hooks. */
export const isMeasuring: Bpf = bpf`(${overSince} == 0)`;

/**
 * True until a tick has come, in a program whose `eachTick` is {@link becomesReady}: for what begins in one hook and ends in another, and would be seen in part. Tracepoints are attached by then, and
 * functions mostly: a tick is 250 ms behind the timer.
 */
export const isUnready: Bpf = bpf`${ready} == 0`;
export const becomesReady: Bpf = bpf`${ready} = 1;`;

/** How a program prints rows. */
export interface RowLimits {
  maxEvents: number;
  maxEventsPerSecond: number;
}

/** For a row: whether it may be printed now; if not, whether too many came in a second, or as many as were asked for have been. Neither when it is over. */
export const mayPrint: Bpf = bpf`${left} > 0`;
export const takeOne: Bpf = bpf`${left}--;`;
export const isSuppressed: Bpf = bpf`${rest} > 0`;
export const isBeyond: Bpf = bpf`${rest} == 0`;

/** How a program begins, measures and ends. */
export interface Lifecycle {
  seconds: number;
  /** null for a summary. */
  rows: RowLimits | null;
  /** Whether what it counts is counted in several hooks, so that all have to end at one instant. */
  endsAtOnce: boolean;
  /** Statements of the probe's own for every tick. */
  eachTick: Bpf | undefined;
}

/** Between two ticks of a run: the measuring is a whole number of them. */
export function tickPeriodMs(seconds: number): number {
  const duration = Math.round(seconds * 1_000);
  return Math.round(duration / Math.max(1, Math.round(duration / tickMs)));
}

/** From its first tick until its last, a program measures longer than so many nanoseconds. */
function leastNs(seconds: number): number {
  const duration = Math.round(seconds * 1_000);
  // The first tick comes a period after the timer has been attached; half of one is how far the last may be off.
  return Math.max(0, duration - 1.5 * tickPeriodMs(seconds)) * 1_000_000;
}

/** Whether a program that said its first tick and its end, by its clock, ended because its time was over. */
export function isTimeOver(seconds: number, firstTick: string, end: string): boolean {
  return BigInt(end) - BigInt(firstTick) >= BigInt(Math.round(leastNs(seconds)));
}

/** The whole program: the clauses of a probe, and around them what every probe has. */
export function wholeProgram(
  clauses: Bpf,
  { seconds, rows, endsAtOnce, eachTick }: Lifecycle,
  site: Site,
): Bpf {
  const duration = Math.round(seconds * 1_000);
  const period = tickPeriodMs(seconds);
  const hook = endsAtOnce || rows !== null ? site.target.hooks.get(endHook) : undefined;
  const signal = hook === undefined ? undefined : new HookSite(site, endHook, !site.target.typedArguments);
  const perTick = rows === null ? 0 : Math.ceil(rows.maxEventsPerSecond / ticksPerSecond);
  const first = rows === null ? 0 : Math.min(perTick, rows.maxEvents);
  const sayOver = bpf`printf("over\t%llu\n", nsecs);`;
  const over =
    rows === null
      ? bpf`${endsAtOnce ? bpf`${overSince} = 1; ` : bpf``}${sayOver} exit();`
      : bpf`${overSince} = 1; ${left} = 0; ${rest} = -1; ${sayOver}`;
  const isLast = bpf`nsecs - ${firstTick} > ${leastNs(seconds)}`;
  const firstIsLast = duration <= period;
  const structs = [...needsOf(clauses)].filter((need) => need instanceof OwnStruct);
  return joined(
    [
      ...structs.map(({ declaration }) => declaration),
      bpf`BEGIN {
  ${signal === undefined ? bpf`` : bpf`${self} = pid; `}${rows === null ? bpf`` : bpf`${left} = ${first}; ${rest} = ${rows.maxEvents - first}; `}printf("begin\t%llu\n", nsecs);
}`,
      clauses,
      bpf`interval:ms:${period} {
  printf("tick\t%llu\n", nsecs);
  ${
    firstIsLast
      ? bpf``
      : bpf`if (${firstTick} == 0) { ${firstTick} = nsecs; }
  `
  }${joined(
    [
      ...(eachTick === undefined ? [] : [eachTick]),
      ...(rows === null
        ? []
        : [
            bpf`if (${overSince} > 0) { ${overSince}++; if (${overSince} > 3) { exit(); } return; }`,
            refill(perTick),
          ]),
      firstIsLast ? over : bpf`if (${isLast}) { ${over} }`,
    ],
    "\n  ",
  )}
}`,
      ...(hook === undefined || signal === undefined ? [] : [endClause(hook, signal, over)]),
      bpf`END { printf("end\t%llu\n", nsecs); }`,
    ],
    "\n",
  );
}

const [unused, all, next] = [bpf`$unused`, bpf`$all`, bpf`$next`];
/** Variables that may be below 0, as none else: what is counted down. */
export const countedDown: readonly Bpf[] = [unused, all, next];

/** What may be printed until the next tick: no more than is left of all, of which what was not printed is put back. */
function refill(perTick: number): Bpf {
  return bpf`${unused} = ${left}; if (${unused} < 0) { ${unused} = 0; }
  ${all} = ${rest} + ${unused}; ${next} = ${perTick}; if (${next} > ${all}) { ${next} = ${all}; }
  ${rest} = ${all} - ${next}; ${left} = ${next};`;
}

/** SIGCONT, which bpftrace doesn't hear, or SIGTERM, for bpftrace itself. */
function endClause(places: readonly string[], at: HookSite, ends: Bpf): Bpf {
  return bpf`${joined(places.map(attachPoint), ", ")} {
  if (${at.arg("pid")} == ${self} && (${at.arg("sig")} == 15 || ${at.arg("sig")} == 18)) {
  if (${overSince} == 0) { ${ends} } }
}`;
}
