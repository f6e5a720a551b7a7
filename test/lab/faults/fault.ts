import type { KernelVersion } from "../kernels.js";

/** Where a kernel frees the packets that a fault hurts, as skb:kfree_skb says. */
export interface Place {
  /** As that kernel names it; null where it has no reasons (before 5.17). */
  reason: string | null;
  /** Kernel function, without the suffix of a compiler's clone. */
  site: string;
}

/** Where the packets of a fault are freed; nowhere where that kernel doesn't count it as a drop, so that no probe of drops can see it. */
export type Places = Record<KernelVersion, readonly Place[]>;

/** Places with the same function on every kernel; reasons as those that have them name them. */
export function at(site: string, reason: string, reason612 = reason): Places {
  return {
    "5.10": [{ reason: null, site }],
    "6.1": [{ reason, site }],
    "6.12": [{ reason: reason612, site }],
  };
}

export const nowhere: Places = { "5.10": [], "6.1": [], "6.12": [] };

/** A layer that has probes of its own: of the others' faults they say nothing. */
export type Layer = "qdisc" | "conntrack" | "defrag";

/** Which of a probe's rows count the packets of a fault: those with these values. */
export type Rows = Readonly<Record<string, string>>;

/**
 * Something that goes wrong on a lab host, on purpose, with a truth: how many packets it hurt, from a counter that no probe reads. All
 * of it is shell text for the host, where the lab's own programs are in /mnt and `T` sends traffic.
 */
export interface Injectable {
  name: string;
  /** Puts the fault there. */
  put: readonly string[];
  /** Sends the packets that it hurts. */
  hurt: readonly string[];
  /** Prints how many packets it has hurt so far; without one, the senders' own count is the truth. */
  counter?: string;
  /** Takes it away again. */
  undo: readonly string[];
}

/** A fault as probes of drops, and those of one layer, see it. */
export interface Fault extends Injectable {
  drops: Places;
  /** Functions that free what the fault has held back, once it is taken away: no drops of its own. */
  aftermath?: readonly string[];
  /** What a layer's probes say of it, null for what is in another number than the truth; those of the others have to be silent. */
  seenIn?: { readonly [In in Layer]?: Rows | null };
}

/** A fault that takes packets away between two devices of a host, as probes of paths see it. */
export interface PathFault extends Injectable {
  /** What is lost: of ICMP, echo requests. */
  protocol: "ICMP" | "UDP";
  way: { from: string; to: string; src: string; dst: string };
}
