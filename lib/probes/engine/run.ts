import { z } from "zod";
import { type Json, type RecordedRun, recordedRun } from "../../cases/index.js";
import { type Detached, detached, type Host } from "../../hosts/index.js";
import type { ResolvedHooks } from "../hooks.js";
import type { Target } from "../target.js";
import { deviceNotes } from "./device-note.js";
import { environment } from "./environment.js";
import { knownTarget } from "./known-target.js";
import type { Rendered } from "./render.js";
import { type SelfCost, splitCost } from "./self-cost.js";
import { typesVariables } from "./version.js";
import { wrapped } from "./wrapper.js";

/** How a probe's run ended, as it stands in the case. */
export interface RunOutcome {
  command: string[];
  hooks: {
    wanted: string[];
    /** What the program attaches to; that its first tick comes in proves that it did. */
    attached: string[];
    /** Wanted, but not needed, and not there: why. */
    missing: string[];
  };
  /** Where the kernel has the fields that the program reads, in bytes from the beginning of their struct. */
  layout: { [field: string]: number };
  /** What a reader must know of where that is known from; cases from before it was kept have none. */
  layoutNotes?: string[];
  /** That no interface has the name that was asked for; cases from before it was kept have none. */
  deviceNotes?: string[];
  exitCode: number | null;
  stderr: string;
  timedOut: boolean;
  canceled: boolean;
  /** It was told from here to end before its time was over; cases from before it was kept have none. */
  endedEarly?: boolean;
  leaseExpired: boolean;
  connectionLost: boolean;
  durationMs: number;
  /** null where the kernel or its tools don't let it be measured. */
  selfCost: SelfCost | null;
  /** Whether the probe's process group was seen to be gone. */
  detached: Detached;
  /** That process group, by the host's number; cases from before it was kept have none. */
  group?: number | null;
}

/** The same, as a case has it. */
const runOutcome: z.ZodType<RunOutcome> = z.looseObject({
  command: z.array(z.string()),
  hooks: z.looseObject({
    wanted: z.array(z.string()),
    attached: z.array(z.string()),
    missing: z.array(z.string()),
  }),
  layout: z.record(z.string(), z.number()),
  layoutNotes: z.array(z.string()).exactOptional(),
  deviceNotes: z.array(z.string()).exactOptional(),
  exitCode: z.number().nullable(),
  stderr: z.string(),
  timedOut: z.boolean(),
  canceled: z.boolean(),
  endedEarly: z.boolean().exactOptional(),
  leaseExpired: z.boolean(),
  connectionLost: z.boolean(),
  durationMs: z.number(),
  selfCost: z
    .looseObject({
      runs: z.number(),
      nsPerRun: z.number().nullable(),
      programShareOfOneCpu: z.number().nullable(),
      processShareOfOneCpu: z.number().nullable(),
      missed: z.number().nullable().exactOptional(),
    })
    .nullable(),
  detached,
  group: z.number().nullable().exactOptional(),
});

export interface RunPlan {
  probe: string;
  /** What the case knows the run by. */
  params: { [key: string]: Json };
  hooks: ResolvedHooks;
  target: Target;
  bufferPages: number;
  /** Keys that each map may have. */
  mapKeys: number | undefined;
  modules: readonly string[] | undefined;
  /** The process that uprobes are kept to. */
  onlyProcess: number | undefined;
  seconds: number;
  deadlineSeconds: number;
  /** Writes the program, once it is known where the kernel has its structs' fields. */
  render(target: Target): Rendered;
  /** What the host may have of events; null for a summary. */
  budget: { which: number; limit: number } | null;
  /** The program hears SIGCONT, and ends when its rows are read; another one is ended by SIGTERM. */
  endsBySignal: boolean;
}

/** Keys that a map may have, where a probe doesn't say. */
export const maxMapKeys = 65_536;

/** A run that can be ended before its time; a replayed one can't. */
export interface StoppableRun extends RecordedRun<RunOutcome> {
  /** @param early whether its time is not over yet. */
  stop(early: boolean): void;
}

/** Runs a program on the host under a lease; or finds its recording. */
export async function runProbe(host: Host, plan: RunPlan): Promise<StoppableRun> {
  // Of two connections to one host, each may have a bpftrace of its own.
  const given = host.bpftrace === "bpftrace" ? {} : { bpftrace: host.bpftrace };
  const params = { ...plan.params, ...given };
  const request = { kind: "probe" as const, name: plan.probe, host: host.name, params };
  let stop = (_early: boolean) => {};
  const run = await recordedRun(request, runOutcome, async () => {
    const target = await knownTarget(host, plan.target, plan.modules);
    const { text, layout } = plan.render(target);
    const bpftrace = [...bpftraceCommand(host, target, plan), "-e", text];
    const command = wrapped(bpftrace, {
      seconds: plan.seconds,
      end: plan.endsBySignal ? "CONT" : "TERM",
      budget: plan.budget,
    });
    const execution = host.start(command, { root: true, deadlineSeconds: plan.deadlineSeconds });
    const unknownDevice = deviceNotes(host, plan.params.device);
    let endedEarly = false;
    const outcome = execution.ended.then(async (end) => ({
      command: bpftrace,
      hooks: {
        wanted: plan.hooks.wanted,
        attached: [...plan.hooks.found.values()].flat(),
        missing: plan.hooks.missing.map(({ why }) => why),
      },
      layout: Object.fromEntries([...layout].map(([field, { offset }]) => [field, offset])),
      layoutNotes: [...target.layoutNotes],
      deviceNotes: await unknownDevice,
      exitCode: end.exitCode,
      ...withoutKnownNoise(end.stderr),
      timedOut: end.timedOut,
      canceled: end.canceled,
      endedEarly,
      leaseExpired: end.leaseExpired,
      connectionLost: end.connectionLost,
      durationMs: end.durationMs,
      detached: end.detached,
      group: end.group,
    }));
    stop = (early) => {
      endedEarly ||= early;
      execution.end();
    };
    return { bytes: execution, outcome };
  });
  return { ...run, stop };
}

/**
 * bpftrace as every program is run, without the program. It names no functions of programs: libbcc from 0.26 to 0.32, as Debian 12 and 13 have it, closes
 * file descriptors that it doesn't own while it looks for them, and with them bpftrace loses its maps and events.
 */
export function bpftraceCommand(
  { bpftrace }: Pick<Host, "bpftrace">,
  target: Target,
  {
    bufferPages,
    mapKeys = maxMapKeys,
    onlyProcess,
  }: { bufferPages: number; mapKeys: number | undefined; onlyProcess?: number | undefined },
): string[] {
  return [
    ...environment(target),
    `BPFTRACE_PERF_RB_PAGES=${bufferPages}`,
    `BPFTRACE_MAP_KEYS_MAX=${mapKeys}`,
    "BPFTRACE_STRLEN=64",
    // The same, as versions from 0.20 on call it.
    ...(typesVariables(target.snapshot)
      ? [`BPFTRACE_MAX_MAP_KEYS=${mapKeys}`, "BPFTRACE_MAX_STRLEN=64"]
      : []),
    "BPFTRACE_NO_USER_SYMBOLS=1",
    bpftrace,
    ...["-f", "json", "-B", "line"],
    ...(onlyProcess === undefined ? [] : ["-p", String(onlyProcess)]),
  ];
}

/** bpftrace warns of RLIMIT_MEMLOCK wherever CAP_SYS_RESOURCE is missing, which means nothing since kernel 5.11. */
function isNoise(line: string): boolean {
  return (
    line.includes("RLIMIT_MEMLOCK") ||
    line.trim() === "Terminated" ||
    line === "WARNING: Addrspace is not set"
  );
}

/**
 * What versions that type variables warn of, with the line and a mark below: numbers have 64 bits and are what they are, each is given its type, and what older versions know by
 * another name is told in both. Whether functions can be attached to, skbook has looked up itself.
 */
const knownWarnings = new RegExp(
  `^(?:stdin:[\\d:-]+: )?WARNING: (?:.*(?:${[
    "integers of different signs",
    "being cast to type",
    "Unnecessary cast",
    "Return value discarded",
    "is deprecated",
    "expanded from",
    "Addrspace mismatch",
    "Could not read functions from",
  ].join("|")}).*)(?:\n.*\n *~+$)?`,
  "gm",
);

export function withoutKnownNoise(written: string): { stderr: string; selfCost: SelfCost | null } {
  const { stderr, selfCost } = splitCost(written);
  const own = stderr
    .replaceAll(knownWarnings, "")
    .split("\n")
    .filter((line) => line !== "" && !isNoise(line))
    .join("\n")
    .trim();
  return { stderr: own, selfCost };
}
