import { type Host, type KernelSnapshot, readStructs, type Snapshot } from "../hosts/index.js";
import { fieldsOf, type Hooks, type ResolvedHooks, resolveHooks } from "./hooks.js";

/** What a host says of one tracepoint, from its format file. */
export interface Tracepoint {
  fields: ReadonlySet<string>;
  /** Number to name, for a field that the kernel prints with a table of symbols. */
  symbols: ReadonlyMap<number, string>;
}

/** What a probe has to know of a host before its program can be written. */
export interface Target {
  host: string;
  snapshot: Snapshot;
  /**
   * The wanted hooks that the host has, `tracepoint:skb:kfree_skb` or `kprobe:ip_rcv`, each with what is attached for it: itself, or all
   * the copies of a function that the compiler made, `kprobe:ip_rcv.isra.0`. See `attachTo()`.
   */
  hooks: ReadonlyMap<string, readonly string[]>;
  tracepoints: ReadonlyMap<string, Tracepoint>;
  /** The structs that the probe asked for and the host's BTF has, by name, each with the names of its fields. */
  structs: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Looks for a probe's hooks in what a host says of its kernel. */
export async function readTarget(
  host: Host,
  wanted: Hooks,
  structs: readonly string[] = [],
): Promise<{ target: Target; hooks: ResolvedHooks }> {
  const snapshot = await host.snapshot();
  const kernel = await host.kernel();
  const hooks = resolveHooks(wanted, {
    kernel: snapshot.kernel ?? "",
    hasKprobes: (snapshot.kprobes ?? "") !== "",
    snapshot: kernel,
  });
  const tracepoints = [...hooks.found.keys()].filter((hook) => hook.startsWith("tracepoint:"));
  const formatOf = (hook: string) => kernel.formats.get(hook.slice("tracepoint:".length)) ?? "";
  const target: Target = {
    host: host.name,
    snapshot,
    hooks: hooks.found,
    tracepoints: new Map(tracepoints.map((hook) => [hook, parseFormat(formatOf(hook))])),
    structs: await structsOf(host, kernel, structs),
  };
  return { target, hooks };
}

type Structs = Target["structs"];

/**
 * Structs that were asked for, beside the snapshot of the kernel that has them: they are asked for once per connection and case, as it is,
 * and anew when it is.
 */
const known = new WeakMap<KernelSnapshot, Map<string, Promise<Structs>>>();

/** All that a probe wants in one request, whatever others wanted before: a replay may run them in another order. */
async function structsOf(host: Host, kernel: KernelSnapshot, names: readonly string[]): Promise<Structs> {
  const answers = known.get(kernel) ?? new Map<string, Promise<Structs>>();
  known.set(kernel, answers);
  const key = names.join(" ");
  const answer = answers.get(key) ?? readStructs(host, names);
  answers.set(key, answer);
  const structs = await answer.catch((error) => {
    answers.delete(key);
    throw error;
  });
  // What is missing may be there the next time: its module is loaded, or bpftrace has enough memory.
  if (structs.size < names.length) answers.delete(key);
  return structs;
}

function parseFormat(format: string): Tracepoint {
  const symbols = [...format.matchAll(/\{ (\d+), "(\w+)" \}/g)].map(
    (match) => [Number(match[1]), match[2] as string] as const,
  );
  return { fields: fieldsOf(format), symbols: new Map(symbols) };
}
