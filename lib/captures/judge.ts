import { judgedBy, type Table } from "../tables/index.js";
import type { Capture } from "./capture.js";

/** Judges the TCP packets of a capture that conditions choose. */
type Judge = (capture: Capture, filter: { filter?: string }) => Promise<Table>;

let judge: Judge | null = null;

/** Says who judges packets: the room of analyses, which is built on this one. */
export function judgePackets(by: Judge): void {
  judge = by;
}

/** A Table of packets that knows who judges them. */
export function judged(packets: Table, capture: Capture, filter: { filter?: string }): Table {
  judgedBy(packets, () => judge?.(capture, filter) ?? null);
  return packets;
}
