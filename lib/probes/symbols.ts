import type { Target } from "./target.js";

/** What a reader must know of the functions that a program names: the host's bpftrace reads their names from /proc/kallsyms. */
export function symbolNotes(program: string, { host, snapshot }: Target): string[] {
  if (snapshot.kptr_restrict !== "2" || !/\bk(sym|stack)\(/.test(program)) return [];
  return [
    `${host} hides the symbols of its kernel: functions are addresses here, and rules that go by their names know none of them (sysctl kernel.kptr_restrict=1 shows them to root)`,
  ];
}
