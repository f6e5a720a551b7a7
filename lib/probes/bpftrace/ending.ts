import type { Target } from "../target.js";
import { attachTo } from "./attach-to.js";
import { bpftrace, type Fragment, integer } from "./program.js";

// bpftrace throws away what stands in its buffers when it ends, and detaches from one hook after the other. So a program measures until it
// is over, by its time or by a signal, and one with rows ends only when bpftrace has had time to read them.

/** Where the kernel tells of a signal: of the ones that end a probe, too. */
export const endHook = "tracepoint:signal:signal_generate";

/** True until the measuring is over: a condition for what counts as matched, where a summary counts in two places. */
export const isMeasuring = bpftrace`(@over == 0)`;

/** For BEGIN: `@self` is bpftrace's own process, which the signals are for. */
export const beforeTheEnd = bpftrace`@self = (uint64)pid; @over = (uint64)0;`;

/** Statements that end the measuring. */
function over(withRows: boolean): Fragment {
  const ends = withRows ? bpftrace`` : bpftrace` exit();`;
  return bpftrace`if (${isMeasuring}) { @over = (uint64)1; printf("over\t%llu\n", nsecs);${ends} }`;
}

/** For every tick of a program with rows: the first whole tick after the end of the measuring has passed. */
export const endsWhenRead = bpftrace`if (@over == 2) { exit(); } if (@over == 1) { @over = (uint64)2; }`;

/** The clauses that end the measuring: after its time, and where the kernel tells of signals by SIGCONT, which bpftrace doesn't hear, or SIGTERM. */
export function endClauses(milliseconds: number, withRows: boolean, target: Target): Fragment {
  const after = bpftrace`interval:ms:${integer(milliseconds)} { ${over(withRows)} }`;
  if (!target.hooks.has(endHook)) return after;
  return bpftrace`${after}
${attachTo(target, endHook)} { if ((args->sig == 15 || args->sig == 18) && args->pid == (int32)@self) { ${over(withRows)} } }`;
}
