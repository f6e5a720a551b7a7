import type { Ring } from "./ring.js";
import type { Asked } from "./tools.js";

/** What a capture run is bounded by and how it is told to go on. */
export interface RunOptions extends Asked {
  seconds: number;
  /** What it keeps: all up to a bound, or the last of it. */
  extent: { maxPackets: number; maxBytes: number } | Ring;
  during: (() => unknown) | undefined;
  until: (() => unknown) | undefined;
}
