import type { Snapshot } from "../../hosts/index.js";

/**
 * The oldest bpftrace that takes the programs. Until 0.15 `$l4 += (…) * 8` is a syntax error (bpftrace issue 2291), and BEGIN and END need symbols
 * that distributions strip (2292); 0.15 and 0.16 crash on `$skb->head + $skb->network_header` (2394, 2420).
 */
export const oldestVersion = "0.17.0";

/** The versions that programs were run with: the last one only those of tracepoints. */
export const triedVersions = "0.17, 0.23 and 0.27";

/** The oldest bpftrace whose `-p` keeps uprobes to one process (bpftrace issue 2817): before it, every process that runs the file stops at them. */
export const oldestForOneProcess = "0.20.0";

/** From here on `args` is no address, and variables have types. */
const oldestTyped = "0.18.0";

/** Whether a host's bpftrace is known to type variables, and to give no address of a tracepoint's record. */
export function typesVariables(snapshot: Snapshot): boolean {
  return isKnownToBe(snapshot, oldestTyped);
}

/** Whether a host's bpftrace is known to find the text that a tracepoint's field points to: 0.23 does not, 0.27 does. */
export function placesTextRight(snapshot: Snapshot): boolean {
  return isNewEnough(snapshot["tool.bpftrace"] ?? "", "0.27.0");
}

/** How many keys of a map stats() takes for one of the program's: before 0.22 number and sum have one each (bpftrace pull request 3338). */
export function keysPerStats(snapshot: Snapshot): number {
  return isKnownToBe(snapshot, "0.22.0") ? 1 : 2;
}

/** Whether it says at all that it is bpftrace. */
export function saysVersion(snapshot: Snapshot): boolean {
  return /^bpftrace /m.test(snapshot["tool.bpftrace"] ?? "");
}

/** What a host's bpftrace says of its version; nothing where it has none. */
export function versionSaid(snapshot: Snapshot): string {
  return (snapshot["tool.bpftrace"] ?? "").split("\n").at(-1) ?? "";
}

const versionIn = /^bpftrace v?(\d+\.\d+)/m;

/** Whether a host's bpftrace says that it is as new as that. */
function isKnownToBe(snapshot: Snapshot, oldest: string): boolean {
  const said = snapshot["tool.bpftrace"] ?? "";
  return versionIn.test(said) && isNewEnough(said, oldest);
}

/** Whether a bpftrace is new enough, by what `bpftrace --version` says. One that says no version was built from source, and is let try. */
export function isNewEnough(said: string, oldest = oldestVersion): boolean {
  const numbers = (text: string) => text.split(".").map(Number) as [major: number, minor: number];
  const version = versionIn.exec(said)?.[1];
  if (version === undefined) return true;
  const [major, minor] = numbers(version);
  const [oldestMajor, oldestMinor] = numbers(oldest);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
