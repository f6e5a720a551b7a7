import type { Table } from "../../tables/index.js";
import { count, ends, flag, flow, scopeOf, word } from "../scope/index.js";
import type { Subject } from "./subject.js";

/** Whether the whole file could be read, as one row. */
export async function damage({ capture, filter }: Subject): Promise<Table> {
  const { name, facts } = capture;
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "damage",
    query: `SELECT '${name.replaceAll("'", "''")}' AS file, ${facts.packets} AS packets, ${facts.partial} AS partial`,
    columns: [
      word("file", "its name"),
      count("packets", "that could be read"),
      flag("partial", "it is damaged, or ends in the middle of a packet"),
    ],
  });
}

/** Connections of which the capture has one direction, though that side goes on after its first packet. */
export async function oneSided({ capture, filter }: Subject): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "oneSided",
    views: {
      halves: `
        SELECT flow_number, any_value(sender) AS seen, count(*) AS packets FROM tcp GROUP BY flow_number
        HAVING count(DISTINCT from_client) = 1 AND bool_or(NOT syn AND NOT rst)`,
    },
    query: `
      SELECT flow, client, client_port, server, server_port, seen, packets
      FROM halves JOIN conversations USING (flow_number) ORDER BY flow_number`,
    columns: [
      flow,
      ...ends,
      word("seen", "client or server: whose packets are there"),
      count("packets", "of it"),
    ],
  });
}
