import type { Capture, TrafficFilter } from "../../captures/index.js";
import { type Column, type Table, unixNanoseconds } from "../../tables/index.js";
import { among, count, duration, ends, flag, flow, word } from "../query/index.js";
import { sequencesOf } from "./sequence/index.js";

const columns: Column[] = [
  flow,
  ...ends,
  word(
    "ending",
    "closed (FIN of both); half closed (FIN of one); reset (RST before both FINs, also after one); refused (RST to the SYN); unanswered; open",
  ),
  word("by", "client or server: who sent the RST that ended it, else the first FIN; null where nobody did"),
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
  flag(
    "forged",
    "something on the way sent that RST: the side in whose name it came goes on, the other one took it",
  ),
  flag("payload", "some data was exchanged before"),
];

/** Who says nothing for so long though the other side goes on, has gone. */
const silenceNs = 1_000_000_000;

/**
 * How each TCP connection ended within the capture, and who ended it.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `client` VARCHAR: address of the client
 * - `client_port` INTEGER: its port
 * - `server` VARCHAR: address of the server
 * - `server_port` INTEGER: its port
 * - `ending` VARCHAR: closed (FIN of both); half closed (FIN of one); reset (RST before both FINs, also after one); refused (RST
 *   to the SYN); unanswered; open
 * - `by` VARCHAR: client or server: who sent the RST that ended it, else the first FIN; null where nobody did
 * - `time_ns` BIGINT, ns since 1970: that FIN or RST
 * - `after_ns` BIGINT, ns: from the connection's first packet to it
 * - `idle_ns` BIGINT, ns: from the last packet before it: a RST after long silence is mostly a time limit of something on the way
 * - `client_fins` BIGINT, packets: FINs of the client
 * - `server_fins` BIGINT, packets: FINs of the server
 * - `client_rsts` BIGINT, packets: RSTs of the client
 * - `server_rsts` BIGINT, packets: RSTs of the server
 * - `rst_after_close` BOOLEAN: a RST came only after both FINs: no harm done
 * - `forged` BOOLEAN: something on the way sent that RST: the side in whose name it came goes on, the other one took it
 * - `payload` BOOLEAN: some data was exchanged before
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per connection, in order of first packets.
 * @throws SkbookError as `flows` does.
 */
export async function tcpEndings(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "tcpEndings",
    views: {
      flags: `
        SELECT flow_number, frame, place, number, time_ns, from_client, sender, syn, ack, fin, rst, tcp_len_bytes, acked_bytes, new_bytes, since_ns
        FROM tcp`,
      // Whoever goes on after its RST, and is heard, has not ended the connection by it.
      goeson: `
        SELECT rsts.flow_number, rsts.from_client, max(rsts.place) AS ignored_place, any_value(last_number) AS last_number
        FROM (SELECT flow_number, from_client, place FROM flags WHERE rst) rsts
        JOIN (SELECT flow_number, from_client, max(place) AS last_place, max(number) AS last_number FROM flags
          WHERE NOT rst AND NOT syn AND (acked_bytes > 0 OR new_bytes > 0) GROUP BY flow_number, from_client) later
          ON rsts.flow_number = later.flow_number AND rsts.from_client = later.from_client AND rsts.place < later.last_place
        GROUP BY rsts.flow_number, rsts.from_client`,
      // But where the other side says nothing more, and answers with RSTs or nothing, that one took it; and somebody else sent it, unless what
      // goes on lies before it and was overtaken.
      ignoring: "SELECT DISTINCT flow_number FROM goeson",
      lasts: `
        SELECT flow_number, NOT from_client AS from_client, max(place) FILTER (NOT rst) AS heard_place, max(place) FILTER (rst) AS refusing_place
        FROM flags WHERE ${among("flow_number", "ignoring")} GROUP BY flow_number, from_client`,
      forgeries: `
        SELECT flow_number, min(place) AS forged_place
        FROM flags JOIN goeson USING (flow_number, from_client) JOIN lasts USING (flow_number, from_client), clock
        WHERE rst AND place <= ignored_place AND place > heard_place AND number <= last_number
          AND (coalesce(refusing_place > place, false) OR end_ns - time_ns >= ${silenceNs})
        GROUP BY flow_number`,
      seenends: `
        SELECT flow_number, min(frame) AS first_frame, min(place) AS first_place, arg_min(time_ns, place) AS start_ns,
          count(*) FILTER (fin AND from_client) AS client_fins, count(*) FILTER (fin AND NOT from_client) AS server_fins,
          count(*) FILTER (rst AND from_client) AS client_rsts, count(*) FILTER (rst AND NOT from_client) AS server_rsts,
          CASE WHEN client_fins > 0 AND server_fins > 0
            THEN greatest(min(place) FILTER (fin AND from_client), min(place) FILTER (fin AND NOT from_client)) END AS closed_place,
          any_value(forged_place) AS forged_place,
          least(min(place) FILTER (rst AND place > coalesce(ignored_place, 0)), any_value(forged_place)) AS rst_place, min(place) FILTER (fin) AS fin_place,
          bool_or(NOT from_client AND NOT rst) AS answered, bool_or(syn AND NOT ack) AS asked,
          bool_or(tcp_len_bytes > 0) AS payload
        FROM flags LEFT JOIN goeson USING (flow_number, from_client) LEFT JOIN forgeries USING (flow_number) GROUP BY flow_number`,
      decided: `
        SELECT *, CASE
            WHEN closed_place IS NOT NULL AND (rst_place IS NULL OR rst_place > closed_place) THEN 'closed'
            WHEN rst_place IS NOT NULL AND server_rsts > 0 AND asked AND NOT answered AND NOT payload THEN 'refused'
            WHEN rst_place IS NOT NULL THEN 'reset'
            WHEN fin_place IS NOT NULL THEN 'half closed'
            WHEN asked AND NOT answered THEN 'unanswered'
            ELSE 'open' END AS ending,
          CASE WHEN ending IN ('refused', 'reset') THEN rst_place ELSE fin_place END AS end_place
        FROM seenends`,
    },
    query: `
      SELECT flow, client, client_port, server, server_port, ending, sender AS "by", time_ns, time_ns - start_ns AS after_ns, CASE WHEN end_place > first_place THEN since_ns END AS idle_ns,
        client_fins, server_fins, client_rsts, server_rsts,
        coalesce(ending = 'closed' AND rst_place > closed_place, false) AS rst_after_close,
        coalesce(ending = 'reset' AND rst_place = forged_place, false) AS forged, payload
      FROM decided JOIN conversations USING (flow_number)
      LEFT JOIN (SELECT place AS end_place, sender, time_ns, since_ns FROM flags WHERE fin OR rst) last USING (end_place)
      ORDER BY first_frame`,
    columns,
  });
}
