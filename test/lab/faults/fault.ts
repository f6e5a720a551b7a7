import type { KernelVersion } from "../kernels.js";

/** Where a kernel frees the packets that a fault hurts, as skb:kfree_skb says. */
export interface Place {
  /** As that kernel names it; null where it has no reasons (before 5.17). */
  reason: string | null;
  /** Kernel functions; which one depends on what the compiler put into which. */
  sites: readonly string[];
}

/**
 * Something that goes wrong on a lab host, on purpose, with a truth: how many packets it hurt, from a counter that no probe reads. All
 * of it is shell text for the host, where the lab's own programs are in /mnt and `T` sends traffic.
 */
export interface Fault {
  name: string;
  /** Puts the fault there. */
  put: readonly string[];
  /** Sends the packets that it hurts. */
  hurt: readonly string[];
  /** Prints how many packets it has hurt so far; without one, the senders' own count is the truth. */
  counter?: string;
  /** How many more than the truth may be seen, for packets of the fault that the counter leaves out. */
  slack?: number;
  /** Takes it away again. */
  undo: readonly string[];
  /** Where the packets are freed; null where that kernel doesn't count it as a drop, so that no probe of drops can see it. */
  drops: Record<KernelVersion, Place | null>;
}
