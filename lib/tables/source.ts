import { judges } from "./judges.js";
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

/** Says who judges the TCP packets of a Table: who gives a Table with their `frame`, `kind` and `retransmission`, as `tcpSegments` has them. */
export function judgedBy(packets: Table, judge: () => Promise<Table> | null): void {
  judges.set(packets, judge);
}

/** What is judged of the TCP packets of a Table; null where nobody does. */
export async function judgementOf(packets: Table): Promise<Table | null> {
  return ((await judges.get(packets)?.()) as Table | null | undefined) ?? null;
}
