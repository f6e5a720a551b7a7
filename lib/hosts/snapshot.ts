import { type Json, recordedRun } from "../cases/index.js";
import { SkbookError } from "../errors/index.js";
import { readZipped } from "./bytes.js";
import type { ExecEnd, Host } from "./host.js";
import { ownConnectionScript } from "./own-connection.js";
import { syncScript } from "./sync.js";

/** What a host says of itself, as text by section: see {@link takeSnapshot}'s script for the sections. */
export type Snapshot = { readonly [section: string]: string };

/** `say NAME` begins a section. */
export const sayFunction = "say() { printf '\\036%s\\037' \"$1\"; }";

/** What has to be asked as root stays empty where the user can't become root. */
const script = [
  "say uid; id -u; say netns; stat -Lc %i /proc/self/ns/net",
  "say kernel; uname -r; say machine; uname -m",
  "say os; cat /etc/os-release",
  "say btf; ls /sys/kernel/btf/vmlinux; say btf.sha256; sha256sum < /sys/kernel/btf/vmlinux | cut -d' ' -f1",
  "say tracing; for d in /sys/kernel/tracing /sys/kernel/debug/tracing; do [ -d $d/events ] && { echo $d; break; }; done",
  "say kprobes; for d in /sys/kernel/tracing /sys/kernel/debug/tracing; do [ -e $d/kprobe_events ] && { echo yes; break; }; done",
  "say lockdown; cat /sys/kernel/security/lockdown",
  "say kptr_restrict; cat /proc/sys/kernel/kptr_restrict",
  "say clocksource; cat /sys/devices/system/clocksource/clocksource0/current_clocksource",
  syncScript,
  "for t in bpftrace tshark dumpcap tcpdump bpftool ovs-vsctl virsh; do say tool.$t; command -v $t && $t --version | head -n 2; done",
  "say links; ip -j -d link show",
  ownConnectionScript,
].join("; ");

/** Asks a host for what never changes during a session; recorded, so that a case carries it. */
export async function takeSnapshot(host: Host): Promise<Snapshot> {
  return readSections(host, "host", script, []);
}

/** What may take longer, or is large, is no short check. */
const shortSeconds = 30;

/** What a script of ours brought back. */
export interface Reading {
  sections: Snapshot;
  /** The deadline ended it before its end: later sections are missing, and the last one may be cut. */
  partial: boolean;
  recordingId: string | null;
}

/**
 * Runs a script of ours on the host, as root where possible, and returns its sections. Recorded as a snapshot, so that a
 * replay decodes with what that very host said.
 *
 * @param options.gzip for what is large: a remote host that has gzip sends it compressed.
 * @throws SkbookError `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`; `DEADLINE` where it had not said anything by then.
 */
export async function readUntil(
  deadlineSeconds: number,
  host: Host,
  name: string,
  script: string,
  args: readonly string[] = [],
  label: { [key: string]: Json } = {},
  options: { gzip?: boolean } = {},
): Promise<Reading> {
  const request = { kind: "snapshot" as const, name, host: host.name, params: { args: [...args], ...label } };
  const run = await recordedRun(request, async () => {
    const zip = options.gzip && host.name !== "localhost" ? " | $(command -v gzip || echo cat)" : "";
    const execution = host.start(
      ["sh", "-c", `exec 2>/dev/null; ${sayFunction}; { ${script}; say complete; }${zip}`, "skbook", ...args],
      {
        root: await host.canBeRoot(),
        deadlineSeconds,
        session: options.gzip || deadlineSeconds > shortSeconds ? "exec" : "check",
      },
    );
    return { bytes: execution, outcome: execution.ended };
  });
  const text = await readZipped(run.bytes, 64 * 2 ** 20);
  const end = await run.outcome;
  const found = sections(text);
  const partial = found.complete === undefined;
  if (partial && (codeOf(end) !== "DEADLINE" || Object.keys(found).length === 0)) {
    throw notWhole(host, name, codeOf(end));
  }
  return { sections: found, partial, recordingId: run.recordingId };
}

/** The same for a script that is over in seconds, 30 unless it is known to take longer: what it says is whole. */
export async function readSections(
  host: Host,
  name: string,
  script: string,
  args: readonly string[],
  label: { [key: string]: Json } = {},
  { deadlineSeconds = shortSeconds, ...options }: { gzip?: boolean; deadlineSeconds?: number } = {},
): Promise<Snapshot> {
  const { sections, partial } = await readUntil(deadlineSeconds, host, name, script, args, label, options);
  if (partial) throw notWhole(host, name, "DEADLINE");
  return sections;
}

function notWhole(host: Host, name: string, code: string): SkbookError {
  return new SkbookError({
    code,
    tried: `take a snapshot (${name}) of ${host.name}`,
    failed: "it did not come to its end",
    todo: "run the cell again",
  });
}

/** Why a command of ours did not come to its end. */
export function codeOf(end: ExecEnd): string {
  if (end.canceled) return "INTERRUPTED";
  if (end.leaseExpired) return "LEASE_EXPIRED";
  return end.timedOut ? "DEADLINE" : "CONNECTION_LOST";
}

function sections(text: string): Snapshot {
  const parts = text.split("\u001e").filter((part) => part.includes("\u001f"));
  return Object.fromEntries(
    parts.map((part) => {
      const end = part.indexOf("\u001f");
      return [part.slice(0, end), part.slice(end + 1).trim()];
    }),
  );
}

/** ISO 8601 of nanoseconds since 1970, as a script of ours says them by `date +%s%N`; null where it didn't. */
export function timeOf(nanoseconds: string | undefined): string | null {
  if (nanoseconds === undefined || !/^\d{15,19}$/.test(nanoseconds)) return null;
  return new Date(Number(BigInt(nanoseconds) / 1_000_000n)).toISOString();
}
