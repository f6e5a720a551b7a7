import { z } from "zod";
import { SkbookError } from "../../lib/errors/index.js";
import {
  bpf,
  field,
  filter,
  type HookAt,
  type Hooks,
  joined,
  packetFilters,
  symbolOf,
  type Target,
  type Tracepoint,
} from "../../lib/probes/index.js";

/** Where the kernel frees a packet that it did not deliver. */
export const dropHook = "tracepoint:skb:kfree_skb";
export const dropHooks: Hooks = { required: [dropHook] };

/** Its reasons below this say that the packet was not dropped, or was consumed; kernels before 5.17 have none. */
export const isDrop = (at: HookAt) => bpf`${at.arg("reason")} >= ${lowestReason(at.target)}`;
export const whenDrop = (target: Target) => (hasReasons(target) ? isDrop : undefined);

/** The packet, and its EtherType as the tracepoint has it. */
export const dropped = (at: HookAt) => ({ skb: at.arg("skbaddr"), etherType: at.arg("protocol") });

export const reasonField = field({
  name: "reason",
  type: "VARCHAR",
  meaning: "why, as the host's kernel names it; null where it gives no reasons",
  say: (at) => (hasReasons(at.target) ? at.arg("reason") : 0),
  read: ([number = ""], { target }) => reasonName(target, number),
});

/** One function can drop in several places: the address tells them apart, since a printed map has each key once. */
export const siteField = field({
  name: "site",
  type: "VARCHAR",
  meaning: "kernel function that dropped the packet",
  words: ["symbol", "number"],
  say: (at) => [symbolOf(at.arg("location")), at.arg("location")],
  read: ([site = ""]) => site,
});

export const dropFilters = {
  ...packetFilters,
  /** One reason or several, as the host's kernel names them: `NO_SOCKET`. */
  reason: filter({
    schema: z.union([z.string(), z.array(z.string()).min(1)]),
    meaning: "one reason or several, as the host's kernel names them: `NO_SOCKET`",
    test: (names, at) => {
      const numbers = reasonNumbers(at.target, [names].flat());
      return bpf`(${joined(
        numbers.map((number) => bpf`${at.arg("reason")} == ${number}`),
        " || ",
      )})`;
    },
  }),
};

function dropTracepoint(target: Target): Tracepoint {
  return target.tracepoints.get(dropHook) as Tracepoint;
}

function hasReasons(target: Target): boolean {
  return dropTracepoint(target).fields.has("reason");
}

function lowestReason(target: Target): number {
  const known = [...dropTracepoint(target).symbols.keys()];
  return known.length === 0 ? 2 : Math.min(...known);
}

/** A reason's name as that very kernel has it; numbers of subsystems stay numbers. */
function reasonName(target: Target, reason: string): string | null {
  if (!hasReasons(target)) return null;
  const number = Number(reason);
  const known = dropTracepoint(target).symbols.get(number);
  return known ?? (number > 0xffff ? `SUBSYSTEM_${number >>> 16}_${number & 0xffff}` : `REASON_${number}`);
}

/** The numbers of reasons that a filter names. */
function reasonNumbers(target: Target, names: readonly string[]): number[] {
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

/** What a reader must know of reasons and sites on this very host. */
export function dropNotes(target: Target): string[] {
  const { kernel, kptr_restrict } = target.snapshot;
  return [
    ...(hasReasons(target)
      ? []
      : [
          `kernel ${kernel} gives no reasons: these are frees of packets at the sites shown, not proven drops`,
        ]),
    ...(hasReasons(target) && dropTracepoint(target).symbols.size === 0
      ? [`kernel ${kernel} doesn't name its reasons in the tracepoint's format: they are numbers here`]
      : []),
    ...(kptr_restrict === "2"
      ? [
          `${target.host} hides the symbols of its kernel: functions are addresses here, and rules that go by their names know none of them (sysctl kernel.kptr_restrict=1 shows them to root)`,
        ]
      : []),
  ];
}
