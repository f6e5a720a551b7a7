import type { Column, Table } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { columnsOfPackets } from "../packets/index.js";
import { scopeOf, type TrafficFilter } from "../scope/index.js";
import { withSegments } from "../segments.js";

const belonging: Column[] = [
  {
    name: "flow",
    type: "VARCHAR",
    meaning: "id of its conversation, as flows() has it; null where it belongs to none",
  },
  {
    name: "about",
    type: "VARCHAR",
    meaning: "of an ICMP error: id of the conversation whose packet it quotes",
  },
  { name: "sender", type: "VARCHAR", meaning: "client or server of its conversation: who sent it" },
  {
    name: "copy",
    type: "BOOLEAN",
    meaning: "the capture has it already: it passed a second point of capture",
  },
];

/**
 * The packets behind a row: those of a conversation, or of whatever a filter chooses, with the ICMP errors about them.
 *
 * @param chosen a flow's id as the column `flow` has it (`tcp 5`), or conditions.
 * @returns a Table with the columns of `packets`, then `flow`, `about`, `sender` and `copy`; in the order of the file. `frame` counts in
 *   the whole file.
 * @throws SkbookError as `packets` does; `BAD_PARAMETER`, `NOTHING_MATCHES` with a hint.
 * @example await packetsOf(cap, "tcp 5")
 */
export async function packetsOf(capture: Capture, chosen: string | TrafficFilter): Promise<Table> {
  const filter = typeof chosen === "string" ? { flow: chosen } : chosen;
  const scope = await scopeOf(capture, filter);
  const columns = columnsOfPackets();
  const names = columns.map(({ name }) => `seen."${name}"`).join(", ");
  const table = await scope.table({
    source: "packetsOf",
    query: `
      SELECT ${names}, own.flow, quoted.flow AS about, copy,
        CASE WHEN from_client THEN 'client' WHEN NOT from_client THEN 'server' END AS sender
      FROM seen LEFT JOIN conversations own USING (flow_number)
      LEFT JOIN conversations quoted ON quoted.flow_number = about_number ORDER BY frame`,
    columns: [...columns, ...belonging],
  });
  return withSegments(table, capture, filter);
}
