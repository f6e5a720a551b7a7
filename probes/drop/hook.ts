import { SkbookError } from "../../lib/errors/index.js";
import type { Target, Tracepoint } from "../../lib/probes/index.js";

/** Where the kernel frees a packet that it did not deliver. */
export const dropHook = "tracepoint:skb:kfree_skb";

export function dropTracepoint(target: Target): Tracepoint {
  return target.tracepoints.get(dropHook) as Tracepoint;
}

/** Kernels before 5.17 have no reason. */
export function hasReasons(target: Target): boolean {
  return dropTracepoint(target).fields.has("reason");
}

/** The lowest number that is a reason for a drop; those below say that the packet was not dropped, or was consumed. */
export function lowestReason(target: Target): number {
  const known = [...dropTracepoint(target).symbols.keys()];
  return known.length === 0 ? 2 : Math.min(...known);
}

/** A reason's name as that very kernel has it; numbers of subsystems stay numbers. */
export function reasonName(target: Target, reason: string): string | null {
  if (!hasReasons(target)) return null;
  const number = Number(reason);
  const known = dropTracepoint(target).symbols.get(number);
  if (Number.isNaN(number)) return reason;
  return known ?? (number > 0xffff ? `SUBSYSTEM_${number >>> 16}_${number & 0xffff}` : `REASON_${number}`);
}

/** The numbers of reasons that a filter names. */
export function reasonNumbers(target: Target, names: readonly string[]): number[] {
  const byName = new Map([...dropTracepoint(target).symbols].map(([number, name]) => [name, number]));
  return names.map((name) => {
    const number = byName.get(name.toUpperCase());
    if (number !== undefined) return number;
    throw new SkbookError({
      code: "UNKNOWN_DROP_REASON",
      tried: `filter drops on ${target.host} by the reason ${name}`,
      failed: hasReasons(target)
        ? `its kernel ${target.snapshot.kernel} has no such reason; it has ${[...byName.keys()].join(", ")}`
        : `its kernel ${target.snapshot.kernel} gives no reasons`,
      todo: hasReasons(target) ? "take one of these" : "leave the reason out and look at the site",
    });
  });
}

/** What a reader must know where the kernel gives no reasons. */
export function reasonNotes(target: Target): string[] {
  if (hasReasons(target)) {
    return dropTracepoint(target).symbols.size > 0
      ? []
      : [
          `kernel ${target.snapshot.kernel} doesn't name its reasons in the tracepoint's format: they are numbers here`,
        ];
  }
  return [
    `kernel ${target.snapshot.kernel} gives no reasons: these are frees of packets at the sites shown, not proven drops`,
  ];
}
