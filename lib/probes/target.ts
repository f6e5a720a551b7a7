import type { Layouts } from "../btf/index.js";
import type { Host, Snapshot } from "../hosts/index.js";
import { type Hooks, type ResolvedHooks, resolveHooks } from "./hooks.js";
import { cLibraryOf, type MappedFile, type OfProcess } from "./library.js";
import { parseFormat, type Tracepoint } from "./tracepoint.js";

/** What a probe has to know of a host before its program can be written. */
export interface Target {
  host: string;
  snapshot: Snapshot;
  /**
   * The wanted hooks that the host has, `tracepoint:skb:kfree_skb` or `kprobe:ip_rcv`, each with what is attached for it: itself, or all
   * the copies of a function that the compiler made, `kprobe:ip_rcv.isra.0`.
   */
  hooks: ReadonlyMap<string, readonly string[]>;
  tracepoints: ReadonlyMap<string, Tracepoint>;
  /** Where the kernel's structs have their fields; null where neither the host nor a file says it. */
  layouts: Layouts | null;
  /** What a reader must know of where that is known from. */
  layoutNotes: readonly string[];
  /** The file whose functions uprobes are on; undefined where there are none. */
  library?: MappedFile | undefined;
  /** Whether the host's bpftrace knows the fields of tracepoints: without BTF there, it does not surely. */
  typedArguments: boolean;
}

/** Where the bridges of a host's Open vSwitch have their datapaths: `system`, the kernel, or `netdev`, user space; none where it isn't known. */
export function datapathTypes(snapshot: Snapshot): string[] {
  const said = snapshot["ovs.datapaths"] ?? "";
  return said === "" ? [] : said.split("\n").map((line) => line.replaceAll('"', "").trim() || "system");
}

/** Looks for a probe's hooks in what a host says of its kernel, and of a process. Layouts come later, where a program is written: a replay needs none. */
export async function readTarget(
  host: Host,
  wanted: Hooks,
  of?: OfProcess,
): Promise<{ target: Target; hooks: ResolvedHooks }> {
  const [snapshot, kernel] = await Promise.all([host.snapshot(), host.kernel()]);
  const library = of && (await cLibraryOf(host, of.process));
  const hooks = resolveHooks(wanted, {
    kernel: snapshot.kernel ?? "",
    hasKprobes: (snapshot.kprobes ?? "") !== "",
    hasUprobes: (snapshot.uprobes ?? "") !== "",
    snapshot: kernel,
    library,
  });
  const tracepoints = [...hooks.found.keys()].filter((hook) => hook.startsWith("tracepoint:"));
  const formatOf = (hook: string) => kernel.formats.get(hook.slice("tracepoint:".length)) ?? "";
  const target: Target = {
    host: host.name,
    snapshot,
    hooks: hooks.found,
    tracepoints: new Map(tracepoints.map((hook) => [hook, parseFormat(formatOf(hook))])),
    layouts: null,
    layoutNotes: [],
    library,
    typedArguments: (snapshot.btf ?? "") !== "",
  };
  return { target, hooks };
}
