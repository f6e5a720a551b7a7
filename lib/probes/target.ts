import { type Host, readSections, type Snapshot } from "../hosts/index.js";

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
  /** Those of the asked hooks that exist on the host, `tracepoint:skb:kfree_skb` or `kprobe:ip_rcv`. */
  hooks: ReadonlySet<string>;
  tracepoints: ReadonlyMap<string, Tracepoint>;
}

/** Prints, for each hook in the arguments, what shows that it exists: the format of a tracepoint, the line of a kernel function. */
const script = [
  "t=/sys/kernel/tracing; [ -d $t/events ] || t=/sys/kernel/debug/tracing",
  'for h in "$@"; do say "$h"; case $h in ' +
    "tracepoint:*) r=${h#tracepoint:}; cat $t/events/${r%%:*}/${r#*:}/format;; " +
    'kprobe:* | kretprobe:*) [ -e $t/kprobe_events ] && grep -m 1 -w -- "${h#*:}" /proc/kallsyms;; ' +
    "*) echo assumed;; esac; done",
].join("; ");

const targets = new WeakMap<Snapshot, Map<string, Promise<Target>>>();

/** Asks a host for what the hooks need; once for each snapshot of the host and set of hooks. */
export async function readTarget(host: Host, hooks: readonly string[]): Promise<Target> {
  const snapshot = await host.snapshot();
  const known = targets.get(snapshot) ?? new Map<string, Promise<Target>>();
  targets.set(snapshot, known);
  const key = hooks.join("\n");
  let target = known.get(key);
  if (target === undefined) {
    target = ask(host, snapshot, hooks);
    known.set(key, target);
    target.catch(() => known.delete(key));
  }
  return target;
}

async function ask(host: Host, snapshot: Snapshot, hooks: readonly string[]): Promise<Target> {
  const found = await readSections(host, "hooks", script, hooks);
  const existing = hooks.filter((hook) => found[hook] !== undefined && found[hook] !== "");
  const formats = existing.filter((hook) => hook.startsWith("tracepoint:"));
  return {
    host: host.name,
    snapshot,
    hooks: new Set(existing),
    tracepoints: new Map(formats.map((hook) => [hook, parseFormat(found[hook] as string)])),
  };
}

export function parseFormat(format: string): Tracepoint {
  const fields = [...format.matchAll(/^\s+field:[^;]*?(\w+)(?:\[\w*\])?;/gm)].map(
    (match) => match[1] as string,
  );
  const symbols = [...format.matchAll(/\{ (\d+), "(\w+)" \}/g)].map(
    (match) => [Number(match[1]), match[2] as string] as const,
  );
  return {
    fields: new Set(fields.filter((field) => !field.startsWith("common_"))),
    symbols: new Map(symbols),
  };
}
