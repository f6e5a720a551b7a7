import type { Table } from "../../../tables/index.js";
import { among } from "../../query/index.js";
import type { Subject } from "../../subject/index.js";
import { tcpHealth } from "../health.js";
import { sequencesOf } from "../sequence/index.js";

/** The health of connections, and up to where and when a sender filled the other side's window, where it did so more often than a limit. */
export async function windowsFilled(
  { capture, filter }: Subject,
  { more }: { more: number },
): Promise<Table> {
  const health = await tcpHealth(capture, filter);
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "windowsFilled",
    sources: { health },
    views: {
      often: `SELECT DISTINCT flow_number FROM health JOIN conversations USING (flow) WHERE window_full > ${more}`,
      filled: `
        SELECT flow_number, sender, 100.0 * arg_max(number + tcp_len_bytes, place) FILTER (window_full) / max(number + tcp_len_bytes) AS filled_percent,
          100.0 * (max(time_ns) FILTER (window_full) - min(time_ns)) / nullif(max(time_ns) - min(time_ns), 0) AS filled_time_percent
        FROM tcp WHERE tcp_len_bytes > 0 AND ${among("flow_number", "often")} GROUP BY flow_number, sender`,
    },
    query: `
      SELECT health.*, filled_percent, filled_time_percent
      FROM health JOIN conversations USING (flow) LEFT JOIN filled USING (flow_number, sender) ORDER BY flow_number, sender`,
    columns: [
      ...health.schema,
      {
        name: "filled_percent",
        type: "DOUBLE",
        unit: "%",
        meaning: "of what it sent, up to where it last filled the window; null: not looked for",
      },
      {
        name: "filled_time_percent",
        type: "DOUBLE",
        unit: "%",
        meaning: "of the time from its first data to its last, until it last filled the window",
      },
    ],
  });
}
