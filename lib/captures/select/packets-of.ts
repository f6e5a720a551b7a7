import type { Table } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { columnsOfPackets } from "../packets/index.js";
import { scopeOf, type TrafficFilter } from "../scope/index.js";

/**
 * The packets behind a row: those of a conversation, or of whatever a filter chooses, with the ICMP errors about them.
 *
 * @param chosen a flow's id as the column `flow` has it (`tcp 5`), or conditions.
 * @returns a Table with the columns of `packets`, in the order of the file; `frame` counts in the whole file.
 * @throws SkbookError as `packets` does; `BAD_PARAMETER`, `NOTHING_MATCHES` with a hint.
 * @example await packetsOf(cap, "tcp 5")
 */
export async function packetsOf(capture: Capture, chosen: string | TrafficFilter): Promise<Table> {
  const filter = typeof chosen === "string" ? { flow: chosen } : chosen;
  const scope = await scopeOf(capture, filter);
  const columns = columnsOfPackets();
  const names = columns.map(({ name }) => `"${name}"`).join(", ");
  return scope.table({ source: "packetsOf", query: `SELECT ${names} FROM seen ORDER BY frame`, columns });
}
