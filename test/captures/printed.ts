import { resolveFields } from "../../lib/captures/fields/index.js";
import { packetColumns } from "../../lib/captures/packets/columns.js";
import { columnsFor, inOrder, type Printed } from "../../lib/captures/packets/fields.js";
import { localhost } from "../../lib/hosts/index.js";

/** What this machine's tshark prints for the packet Table. */
export async function printedForPackets(): Promise<Printed[]> {
  const names = inOrder(packetColumns.flatMap(({ needs }) => needs));
  return columnsFor(await resolveFields(localhost(), names, new Set()));
}
