import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import { type Column, type Table, unixNanoseconds } from "../../tables/index.js";
import { count, duration, ends, flag, flow, word } from "../query/index.js";

const columns: Column[] = [
  flow,
  ...ends,
  word(
    "ending",
    "closed (FIN of both); half closed (FIN of one); reset (RST before both FINs); refused (RST to the SYN); unanswered; open",
  ),
  word("by", "client or server: who sent the first FIN or RST; null where nobody did"),
  { name: "time_ns", type: "BIGINT", unit: unixNanoseconds, meaning: "that FIN or RST" },
  duration("after_ns", "from the connection's first packet to it"),
  duration(
    "idle_ns",
    "from the last packet before it: a RST after long silence is mostly a time limit of something on the way",
  ),
  count("client_fins", "FINs of the client"),
  count("server_fins", "FINs of the server"),
  count("client_rsts", "RSTs of the client"),
  count("server_rsts", "RSTs of the server"),
  flag("rst_after_close", "a RST came only after both FINs: no harm done"),
  flag("payload", "some data was exchanged before"),
];

/**
 * How each TCP connection ended within the capture, and who ended it.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `client` VARCHAR: address of the client
 * - `client_port` INTEGER: its port
 * - `server` VARCHAR: address of the server
 * - `server_port` INTEGER: its port
 * - `ending` VARCHAR: closed (FIN of both); half closed (FIN of one); reset (RST before both FINs); refused (RST to the SYN);
 *   unanswered; open
 * - `by` VARCHAR: client or server: who sent the first FIN or RST; null where nobody did
 * - `time_ns` BIGINT, ns since 1970: that FIN or RST
 * - `after_ns` BIGINT, ns: from the connection's first packet to it
 * - `idle_ns` BIGINT, ns: from the last packet before it: a RST after long silence is mostly a time limit of something on the way
 * - `client_fins` BIGINT, packets: FINs of the client
 * - `server_fins` BIGINT, packets: FINs of the server
 * - `client_rsts` BIGINT, packets: RSTs of the client
 * - `server_rsts` BIGINT, packets: RSTs of the server
 * - `rst_after_close` BOOLEAN: a RST came only after both FINs: no harm done
 * - `payload` BOOLEAN: some data was exchanged before
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per connection, in order of first packets.
 * @throws SkbookError as `flows` does.
 */
export async function tcpEndings(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "tcpEndings",
    views: {
      paced:
        "SELECT *, time_ns - lag(time_ns) OVER (PARTITION BY flow_number ORDER BY frame) AS since_ns FROM tcp",
      seenends: `
        SELECT flow_number, min(frame) AS first_frame, min(time_ns) AS start_ns,
          count(*) FILTER (fin AND from_client) AS client_fins, count(*) FILTER (fin AND NOT from_client) AS server_fins,
          count(*) FILTER (rst AND from_client) AS client_rsts, count(*) FILTER (rst AND NOT from_client) AS server_rsts,
          greatest(min(frame) FILTER (fin AND from_client), min(frame) FILTER (fin AND NOT from_client)) AS closed_frame,
          min(frame) FILTER (rst) AS rst_frame, min(frame) FILTER (fin OR rst) AS end_frame,
          bool_or(NOT from_client AND NOT rst) AS answered, bool_or(syn AND NOT ack) AS asked,
          bool_or(tcp_len_bytes > 0) AS payload
        FROM tcp GROUP BY flow_number`,
    },
    query: `
      SELECT flow, client, client_port, server, server_port,
        CASE
          WHEN client_fins > 0 AND server_fins > 0 AND (rst_frame IS NULL OR rst_frame > closed_frame) THEN 'closed'
          WHEN rst_frame IS NOT NULL AND server_rsts > 0 AND asked AND NOT answered AND NOT payload THEN 'refused'
          WHEN rst_frame IS NOT NULL THEN 'reset'
          WHEN end_frame IS NOT NULL THEN 'half closed'
          WHEN asked AND NOT answered THEN 'unanswered'
          ELSE 'open' END AS ending,
        sender AS "by", time_ns, time_ns - start_ns AS after_ns, since_ns AS idle_ns,
        client_fins, server_fins, client_rsts, server_rsts,
        coalesce(ending = 'closed' AND rst_frame > closed_frame, false) AS rst_after_close, payload
      FROM seenends JOIN conversations USING (flow_number)
      LEFT JOIN (SELECT frame, sender, time_ns, since_ns FROM paced WHERE fin OR rst) last
        ON last.frame = CASE WHEN rst_frame IS NOT NULL AND (closed_frame IS NULL OR rst_frame < closed_frame) THEN rst_frame ELSE end_frame END
      ORDER BY first_frame`,
    columns,
  });
}
