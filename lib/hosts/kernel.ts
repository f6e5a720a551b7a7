import type { Host } from "./host.js";
import { readSections, type Snapshot } from "./snapshot.js";

/** A kernel function, as /proc/kallsyms and ftrace have it. */
export interface KernelFunction {
  /** The loaded module that it is part of; null in the kernel itself. */
  module: string | null;
  /** False where ftrace doesn't list it (notrace, for instance), though it lists others, and where kprobes refuse it. */
  traceable: boolean;
  /** Functions of that very name: static ones of several files share it. */
  copies: number;
}

/** What can be traced on a host and how its kernel was built, as the host itself says. */
export interface KernelSnapshot {
  /** `CONFIG_KPROBES` to `y`; empty where the host shows its configuration nowhere. */
  config: ReadonlyMap<string, string>;
  /** `skb:kfree_skb` to the text of its format file. */
  formats: ReadonlyMap<string, string>;
  /** Functions of the kernel and its loaded modules; empty where the kernel has no kprobes. */
  functions: ReadonlyMap<string, KernelFunction>;
}

/**
 * Functions are read in one pass: what ftrace can trace, what kprobes must not touch, then kallsyms, whose functions are printed with `-`
 * where ftrace knows others but not them, or kprobes refuse them, and `+` else. Cold halves, and the paddings and type hashes before
 * functions, are no places to attach to.
 */
const script = [
  "t=/sys/kernel/tracing; [ -d $t/events ] || t=/sys/kernel/debug/tracing",
  "say config; zcat /proc/config.gz || cat /boot/config-$(uname -r)",
  "say formats; awk 'FNR == 1 { print \"\\035\" FILENAME } { print }' $t/events/*/*/format",
  "say functions; [ -e $t/kprobe_events ] && { cat $t/available_filter_functions; echo =; " +
    "cat /sys/kernel/debug/kprobes/blacklist; echo =; cat /proc/kallsyms; } | awk '" +
    '$0 == "=" { part++; next } !part { traceable[$1]; known = 1; next } part == 1 { refused[$2]; next } ' +
    "$2 ~ /^[tTwW]$/ && $3 !~ /\\.cold(\\.|$)|^__(pfx|cfi|kcfi_typeid)_/ " +
    '{ print (($3 in refused) || known && !($3 in traceable) ? "-" : "+") $3, $4 }\'',
].join("; ");

/** Asks a host what its kernel lets be traced; recorded, so that a case carries it. */
export async function takeKernelSnapshot(host: Host): Promise<KernelSnapshot> {
  return parseKernelSnapshot(await readSections(host, "kernel", script, [], {}, { gzip: true }));
}

export function parseKernelSnapshot({ config = "", formats = "", functions = "" }: Snapshot): KernelSnapshot {
  return {
    config: new Map(
      [...config.matchAll(/^(CONFIG_\w+)=(.*)$/gm)].map(([, name, value]) => pair(name, value)),
    ),
    formats: new Map(formats.split("\u001d").slice(1).map(parseFormatFile)),
    functions: parseFunctions(functions),
  };
}

/** A path on the first line, the file behind it. */
function parseFormatFile(text: string): [string, string] {
  const end = text.indexOf("\n");
  const [system, event] = text.slice(0, end).split("/").slice(-3);
  return [`${system}:${event}`, text.slice(end + 1)];
}

function pair(name = "", value = ""): [string, string] {
  return [name, value];
}

function parseFunctions(text: string): Map<string, KernelFunction> {
  const functions = new Map<string, KernelFunction>();
  for (const line of text.split("\n")) {
    const [name = "", module = ""] = line.slice(1).split(" ");
    if (name === "") continue;
    const copies = (functions.get(name)?.copies ?? 0) + 1;
    functions.set(name, {
      module: module === "" ? null : module.slice(1, -1),
      traceable: line.startsWith("+"),
      copies,
    });
  }
  return functions;
}
