import { isMeasuring } from "../engine/lifecycle.js";
import { type Bpf, bpf, joined } from "../text/bpf.js";
import { BpfMap } from "../text/maps.js";
import type { Clauses, HookAt } from "./hook-at.js";

// What a function was given is gone when it returns, so its entry keeps it for its return. Calls are told apart by the thread, by the CPU in its
// idle task, and by depth: a function is called within itself, or in an interrupt of itself.

/** Statements that say which thread runs, for {@link isWithin}: its number, and of the idle tasks, which are all 0, the CPU. */
export const readThread: Bpf = bpf`$idle = 0; if (tid == 0) { $idle = cpu + 1; }`;
const thread = [bpf`tid`, bpf`$idle`] as const;

/** A function's calls, from their entry to their return. */
export interface CallOptions {
  /**
   * What is done at the entry, in every call: `keep` gives the statements that keep words for the return; a call that keeps none is of no interest.
   * The first word must not be 0.
   */
  enter?(at: HookAt, keep: (...words: readonly Bpf[]) => Bpf): Bpf;
  /** What is done at the return of a call that kept words, with these. */
  leave?(at: HookAt, kept: readonly Bpf[]): Bpf;
  /** How many words are kept. Default 1. */
  words?: number;
}

/** The hooks of a function's calls. */
export function callHooks(name: string): [entry: string, back: string] {
  return [`kprobe:${name}`, `kretprobe:${name}`];
}

/** True within a call of the function; behind {@link readThread}, or in a clause of any {@link callClauses}. */
export function isWithin(name: string): Bpf {
  return bpf`${mapsOf(name).depth.at(...thread)} > 0`;
}

/** The clauses of a function's calls; none where the host lacks one of the hooks. */
export function callClauses(
  { on, has }: Pick<Clauses, "on" | "has">,
  name: string,
  { enter, leave, words = 1 }: CallOptions,
  counted: { began(at: HookAt): Bpf; returned(at: HookAt): Bpf },
  backIndex: (at: HookAt) => HookAt,
): Bpf {
  const [entry, back] = callHooks(name);
  if (!has(entry) || !has(back)) return bpf``;
  const { depth, kept } = mapsOf(name, words);
  const here = depth.at(...thread);
  const mine = kept.at(...thread, bpf`$depth`);
  const keep =
    (at: HookAt) =>
    (...all: readonly Bpf[]) =>
      bpf`if (${isMeasuring}) { ${counted.began(backIndex(at))} ${mine} = ${all.length === 1 ? joined(all) : bpf`(${joined(all, ", ")})`}; }`;
  const values =
    words === 1 ? [bpf`$kept`] : Array.from({ length: words }, (_, index) => bpf`$kept.${index}`);
  return joined(
    [
      on(
        entry,
        (at) => bpf`${readThread}
  $depth = ${here} + 1; ${here} = $depth;
  ${enter?.(at, keep(at)) ?? bpf``}`,
      ),
      on(
        back,
        (at) => bpf`${readThread}
  $depth = ${here}; if ($depth == 0) { return; }
  if ($depth == 1) { delete(${here}); } else { ${here} = $depth - 1; }
  ${
    leave === undefined
      ? bpf``
      : bpf`$kept = ${mine}; if (${values[0] as Bpf} == 0) { return; }
  delete(${mine}); ${counted.returned(at)}
  ${leave(at, values)}`
  }`,
      ),
    ],
    "\n",
  );
}

function mapsOf(name: string, words = 1): { depth: BpfMap; kept: BpfMap } {
  return { depth: new BpfMap(`depth_${name}`, false), kept: new BpfMap(`kept_${name}`, false, 8 * words) };
}
