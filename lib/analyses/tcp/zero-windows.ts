import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { among, count, duration, flag, flow, runningCount, start, word } from "../query/index.js";
import { sequencesOf } from "./sequence/index.js";

const columns: Column[] = [
  flow,
  word("receiver", "client or server: whose receive buffer was full"),
  start,
  duration(
    "duration_ns",
    "until its window opened; where it never did, until the last packet of the connection",
  ),
  flag("recovered", "the window opened again"),
  word("ended_by", "window update, reset, or nothing within the capture"),
  count("zero_windows", "packets that said so"),
  count("probes", "of the other side, asking meanwhile; Linux sends them as keep-alives"),
];

/**
 * Times in which a receiver took no more data: from its first window of zero to its next one that isn't. Both directions are told
 * apart, a RST says nothing about a window, and a stall that never ends is one, too.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `receiver` VARCHAR: client or server: whose receive buffer was full
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `duration_ns` BIGINT, ns: until its window opened; where it never did, until the last packet of the connection
 * - `recovered` BOOLEAN: the window opened again
 * - `ended_by` VARCHAR: window update, reset, or nothing within the capture
 * - `zero_windows` BIGINT, packets: packets that said so
 * - `probes` BIGINT, packets: of the other side, asking meanwhile; Linux sends them as keep-alives
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per stall, in order of time.
 * @throws SkbookError as `flows` does.
 */
export async function zeroWindows(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "zeroWindows",
    needs: "FROM segments WHERE zero_window",
    views: {
      stalled: "SELECT DISTINCT flow_number FROM tcp WHERE zero_window",
      stalling: `SELECT * FROM tcp WHERE ${among("flow_number", "stalled")}`,
      windows: `
        SELECT *, zero_window AND NOT coalesce(lag(zero_window) OVER side, false) AS begins
        FROM stalling WHERE NOT rst AND NOT syn AND (zero_window OR tcp_window_bytes > 0)
        WINDOW side AS (PARTITION BY flow_number, from_client ORDER BY place)`,
      numbered: `
        SELECT *, ${runningCount("begins")} OVER (PARTITION BY flow_number, from_client ORDER BY place) AS stall FROM windows`,
      stalls: `
        SELECT flow_number, sender AS receiver, from_client AS by_client, stall,
          min(time_ns) AS start_ns, min(place) AS start_place,
          min(time_ns) FILTER (NOT zero_window) AS open_ns, min(place) FILTER (NOT zero_window) AS open_place,
          count(*) FILTER (zero_window) AS zero_windows
        FROM numbered WHERE stall > 0 GROUP BY flow_number, sender, from_client, stall`,
      ends: `
        SELECT flow_number, max(time_ns) AS last_ns, max(place) FILTER (rst) AS reset_place FROM stalling GROUP BY flow_number`,
      asked: `
        SELECT stalls.flow_number, by_client, stall, count(*) AS probes
        FROM (SELECT flow_number, NOT from_client AS to_client, place FROM stalling WHERE keep_alive OR window_probe) asking
        ASOF JOIN stalls ON asking.flow_number = stalls.flow_number AND to_client = by_client AND place >= start_place
        WHERE open_place IS NULL OR place < open_place
        GROUP BY ALL`,
    },
    query: `
      SELECT flow, receiver, start_ns, coalesce(open_ns, last_ns) - start_ns AS duration_ns, open_ns IS NOT NULL AS recovered,
        CASE WHEN open_ns IS NOT NULL THEN 'window update' WHEN reset_place > start_place THEN 'reset' ELSE 'nothing' END AS ended_by,
        zero_windows, coalesce(probes, 0) AS probes
      FROM stalls JOIN ends USING (flow_number) JOIN conversations USING (flow_number)
        LEFT JOIN asked USING (flow_number, by_client, stall) ORDER BY start_place`,
    columns,
  });
}
