import { segmentReaders } from "./segments.js";
import type { Table } from "./table.js";

/** The method by which something gives the packets that it stands for. */
export const packetTable: unique symbol = Symbol.for("skbook.packetTable") as never;

/** What may stand where a Table of packets is meant: a capture. */
export interface PacketSource {
  /** With `conversations`, each packet says which one it belongs to, as `packetsOf` has it. */
  [packetTable](options?: { conversations?: boolean }): Promise<Table>;
}

export function isPacketSource(source: unknown): source is PacketSource {
  return typeof source === "object" && source !== null && packetTable in source;
}

/** Says what gives the TCP segments of a Table of packets: a Table with their `frame`, `kind` and `retransmission`, as `tcpSegments` has them. */
export function setSegments(packets: Table, read: () => Promise<Table> | null): void {
  segmentReaders.set(packets, read);
}

/** The TCP segments of a Table of packets; null where nothing gives them. */
export async function segmentsOf(packets: Table): Promise<Table | null> {
  return ((await segmentReaders.get(packets)?.()) as Table | null | undefined) ?? null;
}
