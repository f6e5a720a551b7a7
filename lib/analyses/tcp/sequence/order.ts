import { stepNs } from "../../../captures/index.js";

/** The packets that the pass reads, and the rest of the file, as relation `read`; `unsorted` where the file is in the order of time. */
const readSql = `
  SELECT packets.frame, coalesce(CASE WHEN transport = 'tcp' AND NOT copy THEN flow_number END, 0) AS connection, from_client,
    CASE WHEN packets.frame NOT IN (SELECT frame FROM untimed) THEN time_ns END AS time_ns,
    contains(tcp_flags, 'SYN') AS syn, contains(tcp_flags, 'ACK') AS ack,
    contains(tcp_flags, 'FIN') AS fin, contains(tcp_flags, 'RST') AS rst,
    tcp_seq_raw, tcp_ack_raw, tcp_seq, tcp_ack, tcp_len_bytes, tcp_window_bytes, tcp_window_scale, tcp_tsval, tcp_window_shift, captured_bytes, wire_bytes, sack_le
  FROM packets POSITIONAL JOIN sides`;

/**
 * Of a connection whose packets aren't in the order of their times, either the file or the clock is wrong. Several queues that were merged
 * have right times. Where time steps back by more than they do, files were put together, or the clock was set back: then the order counts in
 * which less is acknowledged before it was sent, and less was sent before what its sender had sent already.
 */
const orders = {
  turned: `
    SELECT DISTINCT connection FROM (
      SELECT connection, time_ns < lag(time_ns) OVER (PARTITION BY connection ORDER BY frame) - ${stepNs} AS back FROM unsorted WHERE connection > 0)
    WHERE back`,
  steps: `
    SELECT *, tcp_seq + tcp_len_bytes + CAST(syn OR fin AS INTEGER) AS reach FROM unsorted SEMI JOIN turned USING (connection)`,
  reached: `
    SELECT *, ${reachedBy("frame", "file")}, ${reachedBy("time_ns, frame", "time")},
      max(reach) FILTER (from_client) OVER whole AS client_end, max(reach) FILTER (NOT from_client) OVER whole AS server_end
    FROM steps WINDOW whole AS (PARTITION BY connection)`,
  wrong: `
    SELECT connection, ${wrongBy("file")}, ${wrongBy("time")} FROM reached GROUP BY connection`,
  sorted: `
    SELECT unsorted.*, CASE WHEN wrong_by_file < wrong_by_time OR time_ns IS NULL
      THEN max(time_ns) OVER (PARTITION BY connection ORDER BY frame) ELSE time_ns END AS key
    FROM unsorted LEFT JOIN wrong USING (connection)`,
};

function reachedBy(order: string, name: string): string {
  const over = `OVER (PARTITION BY connection ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;
  return `max(reach) FILTER (from_client) ${over} AS client_by_${name}, max(reach) FILTER (NOT from_client) ${over} AS server_by_${name}`;
}

function wrongBy(name: string): string {
  const own = `CASE WHEN from_client THEN client_by_${name} ELSE server_by_${name} END`;
  const other = `CASE WHEN from_client THEN server_by_${name} ELSE client_by_${name} END`;
  const sent = "CASE WHEN from_client THEN server_end ELSE client_end END";
  return `count(*) FILTER (tcp_seq < ${own}) + count(*) FILTER (ack AND tcp_ack > ${other} AND tcp_ack <= ${sent}) AS wrong_by_${name}`;
}

/** Views that end in `ordered`, the packets in the order to read them in, and how to sort it; "" for as it is. */
export function orderedViews(inOrder: boolean): { views: { [name: string]: string }; orderBy: string } {
  const last = (relation: string, key: string) => `
    SELECT connection, arg_max(frame, ${key}) AS last_frame FROM ${relation} WHERE connection > 0 GROUP BY connection`;
  if (inOrder)
    return {
      views: { unsorted: readSql, ordered: "FROM unsorted", ends: last("ordered", "frame") },
      orderBy: "",
    };
  return {
    views: { unsorted: readSql, ...orders, ordered: "FROM sorted", ends: last("ordered", "(key, frame)") },
    orderBy: "ORDER BY key, frame",
  };
}
