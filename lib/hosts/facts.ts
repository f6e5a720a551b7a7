import { type Column, completeProvenance, createFrame, type Frame, type Value } from "../tables/index.js";
import type { Fact } from "./fact.js";
import type { Host } from "./host.js";
import { linkFacts } from "./links.js";
import type { Snapshot } from "./sections.js";
import { syncOf } from "./sync.js";

const columns: Column[] = [
  { name: "area", type: "VARCHAR", meaning: "system, tracing, tools, clock, network" },
  { name: "fact", type: "VARCHAR", meaning: "what is meant" },
  { name: "value", type: "VARCHAR", meaning: "as the host says; null where it says nothing" },
  { name: "note", type: "VARCHAR", meaning: "what follows from it for measuring" },
];

/**
 * Says what a host is and what can be measured on it: kernel, distribution, BTF, kprobes, tracepoints, tools and their versions, clock source and
 * synchronisation, network interfaces and bridges. Taken once per connection.
 *
 * Columns: `area`, `fact`, `value` (null where the host says nothing), `note` (what follows for measuring).
 *
 * @example await hostFacts(host)
 */
export async function hostFacts(host: Host): Promise<Frame> {
  const snapshot = await host.snapshot();
  const facts = [
    ...system(snapshot),
    ...tracing(snapshot),
    ...tools(snapshot),
    ...clock(snapshot),
    ...linkFacts(snapshot.links),
  ];
  return createFrame(
    columns,
    facts satisfies Value[][],
    completeProvenance("hostFacts", {
      host: host.name,
      notes: snapshot.uid === "0" ? [] : ["asked without root: some facts are missing"],
    }),
  );
}

function system(snapshot: Snapshot): Fact[] {
  const distribution = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(snapshot.os ?? "")?.[1] ?? null;
  return [
    ["system", "kernel", said(snapshot.kernel), null],
    ["system", "machine", said(snapshot.machine), null],
    ["system", "distribution", distribution, null],
    [
      "system",
      "commands run as",
      snapshot.uid === "0" ? "root" : `uid ${snapshot.uid}`,
      snapshot.uid === "0" ? null : "probes need root",
    ],
  ];
}

function tracing(snapshot: Snapshot): Fact[] {
  const there = (text: string | undefined, missing: string): [string, string | null] =>
    text ? ["yes", null] : ["no", missing];
  return [
    [
      "tracing",
      "BTF",
      ...there(
        snapshot.btf || snapshot["btf.given"],
        "probes that read kernel structs can't run without a file of it: connect(host, { btf }), see ConnectOptions",
      ),
    ],
    [
      "tracing",
      "tracepoints",
      ...there(snapshot.tracing, "mount tracefs: mount -t tracefs tracefs /sys/kernel/tracing"),
    ],
    [
      "tracing",
      "kprobes",
      ...there(snapshot.kprobes, "probes on kernel functions can't run; tracepoints can"),
    ],
    [
      "tracing",
      "uprobes",
      ...there(snapshot.uprobes, "probes on functions of programs can't run; tracepoints can"),
    ],
    [
      "tracing",
      "lockdown",
      /\[(\w+)\]/.exec(snapshot.lockdown ?? "")?.[1] ?? null,
      lockdownNote(snapshot.lockdown),
    ],
    [
      "tracing",
      "kptr_restrict",
      said(snapshot.kptr_restrict),
      snapshot.kptr_restrict === "2" ? "kernel symbols are hidden: sites are addresses" : null,
    ],
  ];
}

function lockdownNote(lockdown: string | undefined): string | null {
  return lockdown?.includes("[confidentiality]") ? "BPF may not read kernel memory: probes can't run" : null;
}

function tools(snapshot: Snapshot): Fact[] {
  return Object.keys(snapshot)
    .filter((section) => section.startsWith("tool."))
    .map((section) => ["tools", section.slice("tool.".length), versionOf(snapshot[section]), null]);
}

/** Path on the first line, the tool's own words on the second. */
function versionOf(text: string | undefined): string | null {
  const [path, banner] = (text ?? "").split("\n");
  if (!path) return null;
  return /\d+(?:\.\d+)+/.exec(banner ?? "")?.[0] ?? "version unknown";
}

function clock(snapshot: Snapshot): Fact[] {
  return [
    [
      "clock",
      "source",
      said(snapshot.clocksource),
      snapshot.clocksource === "tsc" ? null : "reading the clock may be slow",
    ],
    ["clock", "synchronised", ...synchronised(snapshot)],
  ];
}

function synchronised(snapshot: Snapshot): [string | null, string] {
  const { synchronised, said } = syncOf(snapshot);
  if (synchronised === null) return [null, `${said}: don't compare times with other hosts`];
  return [synchronised ? "yes" : "no", said];
}

function said(text: string | undefined): string | null {
  return text ? text : null;
}
