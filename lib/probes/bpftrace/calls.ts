import { bpftrace, Fragment } from "./program.js";

// What a function was given is gone when it returns, so a clause on its entry keeps it for the one on its return. Calls are told apart by
// the thread, by the CPU in its idle task, and by depth: a function is called within itself, or in an interrupt of itself.

/** Statements that set `$thread`: number of the running thread, and of the CPU where that is its idle task. */
export const readThread = bpftrace`$thread = (uint64)tid; if ($thread == 0) { $thread = (uint64)cpu + 0x100000000; }`;

/**
 * Statements on a function's entry that keep a number or pointer for {@link atReturn}. To stand in a clause on every call: one that is
 * of no interest keeps 0.
 *
 * @param name the function's, and of the maps `@depth_NAME` and `@kept_NAME`.
 * @param value program text of what to keep: `arg0`.
 */
export function keepForReturn(name: string, value: Fragment): Fragment {
  const [depth, kept] = mapsOf(name);
  return bpftrace`${readThread} ${depth}[$thread] = ${depth}[$thread] + 1; ${kept}[$thread, ${depth}[$thread]] = (uint64)${value};`;
}

/** Statements on a function's return that act on what was kept, in `$kept`; not where that is 0, or the call began before the probe. */
export function atReturn(name: string, action: Fragment): Fragment {
  const [depth, kept] = mapsOf(name);
  return bpftrace`${readThread} $depth = ${depth}[$thread]; if ($depth > 0) {
    $kept = ${kept}[$thread, $depth]; delete(${kept}[$thread, $depth]);
    if ($depth == 1) { delete(${depth}[$thread]); } else { ${depth}[$thread] = $depth - 1; }
    if ($kept != 0) { ${action} }
  }`;
}

/** True within a call of the function; behind {@link readThread}, or {@link keepForReturn} or {@link atReturn} of any function. */
export function isWithin(name: string): Fragment {
  return bpftrace`(${mapsOf(name)[0]}[$thread] > 0)`;
}

function mapsOf(name: string): [depth: Fragment, kept: Fragment] {
  return [new Fragment(`@depth_${name}`), new Fragment(`@kept_${name}`)];
}
