import type { Table } from "../../../tables/index.js";
import { count, flag } from "../../query/index.js";
import type { Subject } from "../../subject/index.js";
import { tcpEndings } from "../endings.js";
import { sequencesOf } from "../sequence/index.js";

/** How connections ended, and how much of them the capture has besides. */
export async function resets({ capture, filter }: Subject): Promise<Table> {
  const endings = await tcpEndings(capture, filter);
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "resets",
    sources: { endings },
    views: {
      extents: `
        SELECT flow_number, count(*) AS packets, bool_or(syn AND ack) AS opened FROM tcp GROUP BY flow_number`,
    },
    query: `
      SELECT endings.*, packets, opened
      FROM endings JOIN conversations USING (flow) JOIN extents USING (flow_number) ORDER BY flow_number`,
    columns: [
      ...endings.schema,
      count("packets", "of both sides, copies left out"),
      flag("opened", "its SYN ACK is in the capture, so that it began there"),
    ],
  });
}
