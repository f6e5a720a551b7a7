import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { among, duration, ends, flow, start } from "../query/index.js";
import { sequencesOf } from "./sequence/index.js";

/** Column, what the pass calls it, and what it means. Together they are the whole duration. */
const parts: [name: string, spent: string | null, meaning: string][] = [
  ["handshake_ns", "handshake", "until the client's first ACK, nothing asked again"],
  ["handshake_loss_ns", "handshake loss", "until a SYN or SYN ACK was sent again"],
  ["loss_ns", "loss", "until data was sent again, and until that was acknowledged"],
  ["client_ns", "client", "for the client's application to speak: nothing was on its way"],
  ["server_ns", "server", "for the server's application to speak: its answer, or the next part of it"],
  ["client_window_ns", "client window", "for the client, which took no more data"],
  ["server_window_ns", "server window", "for the server, which took no more data"],
  ["path_ns", "path", "while data and acks were on their way"],
  [
    "idle_ns",
    "idle",
    "with nothing on its way that anybody waited for: keep-alives until the end, a FIN or RST after a pause",
  ],
  ["closing_ns", "closing", "after the first FIN, data aside"],
  [
    "unknown_ns",
    null,
    "nobody can say: one direction is not in the capture, the clock was set back, or an ack is 60 s late and nothing was sent again",
  ],
];

const columns: Column[] = [
  flow,
  ...ends,
  start,
  duration("duration_ns", "from its first packet to its last, copies left out; the sum of all that follow"),
  ...parts.map(([name, , meaning]) => duration(name, meaning)),
];

const part = (spent: string) => `coalesce(sum(since_ns) FILTER (spent = '${spent}'), 0)`;

/**
 * What the time of each TCP connection was spent on: an account that adds up to its duration. The time before a packet goes by what was open
 * then and by what ended it, as seen at the point of capture: an answer that comes long after its request was acknowledged is the
 * server's time, a request that had to be sent again is loss. What the path takes can't be told from what a host takes to acknowledge.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `client` VARCHAR: address of the client
 * - `client_port` INTEGER: its port
 * - `server` VARCHAR: address of the server
 * - `server_port` INTEGER: its port
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `duration_ns` BIGINT, ns: from its first packet to its last, copies left out; the sum of all that follow
 * - `handshake_ns` BIGINT, ns: until the client's first ACK, nothing asked again
 * - `handshake_loss_ns` BIGINT, ns: until a SYN or SYN ACK was sent again
 * - `loss_ns` BIGINT, ns: until data was sent again, and until that was acknowledged
 * - `client_ns` BIGINT, ns: for the client's application to speak: nothing was on its way
 * - `server_ns` BIGINT, ns: for the server's application to speak: its answer, or the next part of it
 * - `client_window_ns` BIGINT, ns: for the client, which took no more data
 * - `server_window_ns` BIGINT, ns: for the server, which took no more data
 * - `path_ns` BIGINT, ns: while data and acks were on their way
 * - `idle_ns` BIGINT, ns: with nothing on its way that anybody waited for: keep-alives until the end, a FIN or RST after a pause
 * - `closing_ns` BIGINT, ns: after the first FIN, data aside
 * - `unknown_ns` BIGINT, ns: nobody can say: one direction is not in the capture, the clock was set back, or an ack is 60 s late
 *   and nothing was sent again
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per connection, in order of first packets.
 * @throws SkbookError as `flows` does.
 */
export async function tcpWaits(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  const known = parts.filter(([, spent]) => spent !== null);
  return scope.table({
    source: "tcpWaits",
    views: {
      // What was before them isn't asked for.
      firsts: "SELECT min(place) FROM tcp GROUP BY flow_number",
      // A keep-alive doesn't end what is waited for: who speaks next ends it.
      probed: "SELECT DISTINCT flow_number FROM tcp WHERE keep_alive",
      kept: `
        SELECT place, next AS waited_for FROM (
          SELECT place, spent, first_value(CASE WHEN spent <> 'idle' THEN spent END IGNORE NULLS) OVER (
            PARTITION BY flow_number ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next
          FROM tcp WHERE ${among("flow_number", "probed")})
        WHERE spent = 'idle' AND next IN ('client', 'server')`,
      accounts: `
        SELECT flow_number, min(frame) AS first_frame, arg_min(time_ns, place) AS start_ns,
          CASE WHEN count(time_ns) > 0 THEN coalesce(sum(since_ns), 0) END AS duration_ns,
          coalesce(bool_or(from_client) AND bool_or(NOT from_client) AND min(since_ns) >= 0, false) AS told,
          ${known.map(([name, spent]) => `${part(spent as string)} AS ${name}`).join(", ")}
        FROM (
          SELECT frame, place, time_ns, flow_number, from_client, coalesce(waited_for, spent) AS spent,
            CASE WHEN place NOT IN (FROM firsts) THEN since_ns END AS since_ns
          FROM tcp LEFT JOIN kept USING (place))
        GROUP BY flow_number`,
    },
    query: `
      SELECT flow, client, client_port, server, server_port, start_ns, duration_ns,
        ${known.map(([name]) => `CASE WHEN told THEN ${name} WHEN duration_ns IS NOT NULL THEN 0 END AS ${name}`).join(", ")},
        duration_ns - ${known.map(([name]) => `accounts.${name} * told::INTEGER`).join(" - ")} AS unknown_ns
      FROM accounts JOIN conversations USING (flow_number) ORDER BY first_frame`,
    columns,
  });
}
