/** Where a counter is read. */
export type Source = "link" | "qdisc" | "nic" | "protocol" | "conntrack" | "softnet" | "ovs";

/** One counter at one moment. */
export interface Counter {
  source: Source;
  /** Inode of the network namespace; null where it is the whole host's. */
  netns: string | null;
  /** Device, queueing discipline, CPU, datapath; null where it is the namespace's. */
  subject: string | null;
  name: string;
  value: bigint;
  unit: "packets" | "bytes" | "events" | null;
  /** It counts packets that were dropped or damaged. */
  loss: boolean;
  /** Bits after which it starts at zero again. */
  bits: 32 | 64;
  /** Tells it from another of the same name, say of a device that was made anew. */
  identity: string;
}
