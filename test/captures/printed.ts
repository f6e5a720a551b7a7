import { packetColumns } from "../../lib/captures/packets/columns.js";
import { columnsFor, inOrder, type Printed } from "../../lib/captures/packets/fields.js";

/** What tshark prints for the packet Table, where it has all fields. */
export function printedForPackets(): Printed[] {
  const names = inOrder(packetColumns.flatMap(({ needs }) => needs));
  return columnsFor({ names, printed: names, unknown: [], version: "" });
}
