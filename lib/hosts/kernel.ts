import type { Snapshot } from "./sections.js";

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

/** Of the sections that takeKernelSnapshot asks for. */
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
