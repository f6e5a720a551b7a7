import type { KernelFunction, KernelSnapshot } from "../hosts/index.js";
import type { MappedFile } from "./library.js";
import { fieldsOf } from "./tracepoint.js";

/**
 * A place to attach to, in bpftrace's words: `tracepoint:skb:kfree_skb`, `kprobe:ip_rcv`. With `field`, a tracepoint that has this field
 * only. `uprobe:pthread_mutex_lock` and `uretprobe:` are functions of the C library of a process, see `inProcess` of definitions.
 */
export type Hook = string | { hook: string; field: string };

/** What a probe attaches to. */
export interface Hooks {
  /** Without one of these the probe means nothing. */
  required?: readonly Hook[];
  /** Without one of these a part of the answer is missing; the result says so. */
  optional?: readonly Hook[];
  /** Functions of modules: where one isn't there nothing can call it, so that nothing is missing without it. */
  whereLoaded?: readonly Hook[];
  /** Alternatives by kernel: of each group, the first that exists is taken, and the others are not there for the program. */
  oneOf?: readonly (readonly Hook[])[];
}

/** A wanted hook that the host lacks. */
export interface MissingHook {
  /** As wanted; the hooks of a group joined with " or ". */
  hook: string;
  /** Whether the probe can do without it. */
  optional: boolean;
  why: string;
  todo: string;
}

/** Which of the wanted hooks the host has. */
export interface ResolvedHooks {
  wanted: string[];
  /** Each wanted hook that is there, to what is attached for it: itself, or all the copies that the compiler made of a function. */
  found: ReadonlyMap<string, readonly string[]>;
  missing: MissingHook[];
}

/** What a host's kernel has, as {@link resolveHooks} asks it. */
export interface KernelHooks {
  kernel: string;
  hasKprobes: boolean;
  hasUprobes: boolean;
  snapshot: KernelSnapshot;
  /** The library that uprobes are in; undefined where no process is chosen. */
  library?: MappedFile | undefined;
}

/** Finds what a probe wants in what a kernel has, and says why it isn't there. */
export function resolveHooks(hooks: Hooks, kernel: KernelHooks): ResolvedHooks {
  const found = new Map<string, readonly string[]>();
  const missing: MissingHook[] = [];
  const look = (group: readonly Hook[], optional: boolean) => {
    const absences: Absence[] = [];
    for (const hook of group) {
      const seen = lookFor(hook, kernel);
      if (seen.places !== undefined) {
        found.set(nameOf(hook), seen.places);
        return;
      }
      absences.push(seen);
    }
    const why = absences.map((absence) => absence.why).join("; ");
    missing.push({ hook: wordsOf(group), optional, why, todo: absences[0]?.todo ?? "" });
  };
  for (const hook of hooks.required ?? []) look([hook], false);
  for (const hook of hooks.optional ?? []) look([hook], true);
  for (const hook of hooks.whereLoaded ?? []) {
    const seen = lookFor(hook, kernel);
    if (seen.places !== undefined) found.set(nameOf(hook), seen.places);
    else if (isThere(hook, kernel)) missing.push({ hook: wordsOf([hook]), optional: true, ...seen });
  }
  for (const group of hooks.oneOf ?? []) look(group, false);
  return { wanted: wantedHooks(hooks), found, missing };
}

/** All that a probe wants, in words. */
function wantedHooks({ required = [], optional = [], whereLoaded = [], oneOf = [] }: Hooks): string[] {
  return [...required, ...optional, ...whereLoaded].map((hook) => wordsOf([hook])).concat(oneOf.map(wordsOf));
}

/** The names of all hooks, each with its place in this list. */
export function hookNames({ required = [], optional = [], whereLoaded = [], oneOf = [] }: Hooks): string[] {
  return [...required, ...optional, ...whereLoaded, ...oneOf.flat()].map(nameOf);
}

export function nameOf(hook: Hook): string {
  return typeof hook === "string" ? hook : hook.hook;
}

function wordsOf(group: readonly Hook[]): string {
  return group
    .map((hook) => (typeof hook === "string" ? hook : `${hook.hook} with ${hook.field}`))
    .join(" or ");
}

interface Absence {
  places?: undefined;
  why: string;
  todo: string;
}

function lookFor(hook: Hook, kernel: KernelHooks): { places: readonly string[] } | Absence {
  const name = nameOf(hook);
  const [kind = "", place = ""] = splitOnce(name);
  if (kind === "tracepoint")
    return tracepoint(name, place, typeof hook === "string" ? null : hook.field, kernel);
  if (kind === "kprobe" || kind === "kretprobe") return functions(kind, place, kernel);
  if (kind === "uprobe" || kind === "uretprobe") return functionsOfLibrary(kind, place, kernel);
  // Timers.
  return { places: [name] };
}

/** Whether there is a function that can't be attached to. */
function isThere(hook: Hook, { snapshot }: KernelHooks): boolean {
  return copiesOf(splitOnce(nameOf(hook))[1], snapshot.functions).length > 0;
}

function splitOnce(name: string): [string, string] {
  const colon = name.indexOf(":");
  return [name.slice(0, colon), name.slice(colon + 1)];
}

function tracepoint(
  hook: string,
  name: string,
  field: string | null,
  { kernel, snapshot }: KernelHooks,
): { places: readonly string[] } | Absence {
  const format = snapshot.formats.get(name);
  if (format === undefined) {
    const system = `${name.split(":")[0]}:`;
    const known = [...snapshot.formats.keys()].some((other) => other.startsWith(system));
    return {
      why: `kernel ${kernel} has no ${hook}${known ? "" : `, nor any other of ${system.slice(0, -1)}`}`,
      todo: known
        ? "use a probe whose hooks this kernel has"
        : "load the kernel module that has it, where it is a module's; else use a probe whose hooks this kernel has",
    };
  }
  if (field === null || fieldsOf(format).has(field)) return { places: [hook] };
  return {
    why: `${hook} of kernel ${kernel} has no field ${field}`,
    todo: "use a probe whose hooks this kernel has",
  };
}

/** What GCC puts behind the name of a copy that it made of a function: with fewer or constant arguments, or a part split off. */
const copySuffix = /^(?:\.(?:isra|constprop|part)(?:\.\d+)*)+$/;

/**
 * The function and its copies, each of which some callers call. A split-off part is called by the rest of its function: it counts where
 * the rest was inlined everywhere. `.cold` halves are jumped to and count never.
 */
function copiesOf(name: string, functions: ReadonlyMap<string, KernelFunction>): [string, KernelFunction][] {
  const all = [...functions].filter(
    ([other]) => other === name || (other.startsWith(name) && copySuffix.test(other.slice(name.length))),
  );
  const whole = all.filter(([other]) => !other.includes(".part"));
  return whole.length > 0 ? whole : all;
}

function functionsOfLibrary(
  kind: "uprobe" | "uretprobe",
  name: string,
  { kernel, hasUprobes, library }: KernelHooks,
): { places: readonly string[] } | Absence {
  if (hasUprobes) return { places: [library?.hook(kind, name) ?? `${kind}:${name}`] };
  return {
    why: `kernel ${kernel} has no uprobes, so no ${kind}:${name}`,
    todo: "use a probe that needs tracepoints only, or boot a kernel with CONFIG_UPROBE_EVENTS",
  };
}

function functions(
  kind: string,
  name: string,
  { kernel, hasKprobes, snapshot }: KernelHooks,
): { places: readonly string[] } | Absence {
  if (!hasKprobes) {
    return {
      why: `kernel ${kernel} has no kprobes, so no ${kind}:${name}`,
      todo: "use a probe that needs tracepoints only, or boot a kernel with CONFIG_KPROBE_EVENTS",
    };
  }
  const candidates = copiesOf(name, snapshot.functions);
  const refused = candidates.find(([, { traceable, copies }]) => !traceable || copies > 1);
  if (candidates.length > 0 && refused === undefined)
    return { places: candidates.map(([place]) => `${kind}:${place}`) };
  const todo = "use a probe whose hooks this kernel has";
  if (refused === undefined) {
    return {
      why: `kernel ${kernel} and its loaded modules have no function ${name}: it is inlined, has another name, or its module isn't loaded`,
      todo: "load the module that has it, where it is a module's; else use a probe whose hooks this kernel has",
    };
  }
  const [place, { copies }] = refused;
  const why =
    copies > 1
      ? `has ${copies} functions named ${place}`
      : `doesn't let ${place} be probed (notrace, or on the blacklist of kprobes)`;
  return { why: `kernel ${kernel} ${why}`, todo };
}
