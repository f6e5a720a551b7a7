import type { dropReportRules } from "../../../probes/report/rules.js";
import type { KernelVersion } from "../kernels.js";

/** A rule of dropReport, or the id of one of classifyDrops. */
export type ReportRule = keyof typeof dropReportRules;

/**
 * What happens between two machines of its own, `a` and `b`: network namespaces with an interface eth0 each. Shell text, in which `A` and `B` run a command there,
 * `a` and `b` are their addresses, `macA` and `macB` those of their interfaces, `T` is the lab's traffic and `P` that of play.py.
 */
export interface Scene {
  name: string;
  put?: readonly string[];
  act: readonly string[];
  /** Takes away what is not in its namespaces. */
  undo?: readonly string[];
  /** Rules of dropReport that have to find it, by kernel; no others may. */
  finds?: Expected<ReportRule>;
  /** Rules of classifyDrops that have to decide on a drop of it, by kernel; others may, too. */
  decides?: Expected<string>;
  /** Rules that it comes near to: they must not find it, or decide. */
  spares?: readonly string[];
  /** Of which machines it is, where these are others. */
  of?: { namespaces: readonly string[]; addresses: readonly string[] };
  /** Rules whose rows are the whole host's. */
  wholeHost?: readonly string[];
}

/** Rules on every kernel, or those of each. */
export type Expected<Rule> = readonly Rule[] | Readonly<Record<KernelVersion, readonly Rule[]>>;

export function expectedOn<Rule>(rules: Expected<Rule> | undefined, kernel: KernelVersion): readonly Rule[] {
  if (rules === undefined) return [];
  return "5.10" in rules ? rules[kernel] : rules;
}

/** What the oldest kernel has no reason for, and the others have. */
export function before517<Rule>(old: readonly Rule[], rest: readonly Rule[]): Expected<Rule> {
  return { "5.10": old, "6.1": rest, "6.12": rest };
}

/** Brings an interface up on both machines, which says nothing by itself: what the first one up says, the other could not take yet. */
export function bothQuiet(device: string): string[] {
  return ["$A", "$B"].map(
    (on) => `${on} sysctl -qw net.ipv6.conf.${device}.disable_ipv6=1; ${on} ip link set ${device} up`,
  );
}
