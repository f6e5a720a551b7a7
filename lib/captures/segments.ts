import { setSegments, type Table } from "../tables/index.js";
import type { Capture } from "./capture.js";

/** Reads the TCP segments of a capture that conditions choose. */
type SegmentReader = (capture: Capture, filter: { filter?: string }) => Promise<Table>;

let reader: SegmentReader | null = null;

/** Says what reads segments: the room of analyses, which is built on this one. */
export function readSegmentsBy(by: SegmentReader): void {
  reader = by;
}

/** A Table of packets that has its segments. */
export function withSegments(packets: Table, capture: Capture, filter: { filter?: string }): Table {
  setSegments(packets, () => reader?.(capture, filter) ?? null);
  return packets;
}
