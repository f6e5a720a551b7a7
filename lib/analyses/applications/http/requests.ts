import type { Capture, TrafficFilter } from "../../../captures/index.js";
import type { Column, Table } from "../../../tables/index.js";
import { duration, elapsed, ends, flag, flow, frame, time, word } from "../../query/index.js";
import { sequencesOf } from "../../tcp/index.js";
import { applicationTable, nothingLost } from "../table.js";
import { exchangeRelations } from "./exchanges.js";
import { httpMessages } from "./messages.js";
import { hostCharacters, pathCharacters } from "./withheld.js";

const columns: Column[] = [
  { ...frame, meaning: "number of the request's first packet; of the response's where there is no request" },
  time,
  flow,
  ...ends,
  word("method", "GET, POST, ...; null: the capture has a response without its whole request"),
  word("host", `Host header, its first ${hostCharacters} characters`),
  word("path", `its first ${pathCharacters} characters, without query`),
  { name: "status", type: "INTEGER", meaning: "status code of the response; null without one" },
  flag(
    "answered",
    "a response came; false: the connection ended without one; null: still open, the capture misses a part of the connection, or a part of a response came that can't be read",
  ),
  {
    name: "request_bytes",
    type: "BIGINT",
    unit: "bytes",
    meaning:
      "header and body, once each; null where it shares a packet with another one, data is missing from it, or the connection went over to another protocol",
  },
  { name: "response_bytes", type: "BIGINT", unit: "bytes", meaning: "the same of the response" },
  duration(
    "sending_ns",
    "from the request's first packet to its last, or to the last before the response began",
  ),
  duration("first_byte_ns", "from there to the response's first packet: server, and path on its side"),
  duration(
    "last_byte_ns",
    "from there to the response's last packet; null where the connection went over to another protocol",
  ),
];

/**
 * HTTP/1 requests, one by one, with the response to each: what was asked for, how it was answered, how long the first and the last byte of
 * the answer took. tshark reads the capture once more, with segments put together: some 20 s and 1 GB of memory per million packets;
 * `bpf` cuts a big capture down first. Captures without HTTP are not read again.
 *
 * Of the headers only Host is read. What a query, a fragment, a cookie or an Authorization header says is in no Table, cache or case; of a
 * path only the first characters are kept. HTTP inside TLS can't be seen; HTTP/2 is not read.
 *
 * Responses belong to requests in their order (RFC 9112, 9.3.2); where the capture misses a part of the connection, to the last request
 * before them. A body lasts until the next message of its sender: of pipelined responses, those that begin in the middle of a segment are
 * found where tshark has the whole connection. Times are those of first appearance at the point of capture.
 *
 * Columns:
 * - `frame` INTEGER: number of the request's first packet; of the response's where there is no request
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `client` VARCHAR: address of the client
 * - `client_port` INTEGER: its port
 * - `server` VARCHAR: address of the server
 * - `server_port` INTEGER: its port
 * - `method` VARCHAR: GET, POST, ...; null: the capture has a response without its whole request
 * - `host` VARCHAR: Host header, its first 255 characters
 * - `path` VARCHAR: its first 256 characters, without query
 * - `status` INTEGER: status code of the response; null without one
 * - `answered` BOOLEAN: a response came; false: the connection ended without one; null: still open, the capture misses a part of
 *   the connection, or a part of a response came that can't be read
 * - `request_bytes` BIGINT, bytes: header and body, once each; null where it shares a packet with another one, data is missing
 *   from it, or the connection went over to another protocol
 * - `response_bytes` BIGINT, bytes: the same of the response
 * - `sending_ns` BIGINT, ns: from the request's first packet to its last, or to the last before the response began
 * - `first_byte_ns` BIGINT, ns: from there to the response's first packet: server, and path on its side
 * - `last_byte_ns` BIGINT, ns: from there to the response's last packet; null where the connection went over to another protocol
 *
 * @param filter which connections, and when: by the time of the request. Default: all.
 * @returns a Table, one row per request, in the order of the file.
 * @throws SkbookError as `flows` does; `FIELD_UNKNOWN`.
 */
export async function httpRequests(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return applicationTable(scope, httpMessages, {
    source: "httpRequests",
    relations: exchangeRelations,
    query: queryOf(nothingLost(scope)),
    columns,
  });
}

const queryOf = (nothingLost: string) => `
  SELECT frame, coalesce(asked_ns, answer_ns) AS time_ns, flow, client, client_port, server, server_port, method, host, path, status,
    CASE WHEN status IS NOT NULL THEN true WHEN flow_number NOT IN (FROM missing) AND closing > frame AND NOT coalesce(unread AND heard_frame > frame, false)
      AND ${nothingLost} THEN false END AS answered,
    CASE WHEN NOT switched THEN request_bytes END AS request_bytes, CASE WHEN NOT switched THEN response_bytes END AS response_bytes,
    ${elapsed("asked_ns", "sent_ns")} AS sending_ns, ${elapsed("sent_ns", "answer_ns")} AS first_byte_ns,
    CASE WHEN NOT switched THEN ${elapsed("sent_ns", "last_ns")} END AS last_byte_ns
  FROM exchanges JOIN conversations USING (flow_number) JOIN closings USING (flow_number) LEFT JOIN sent USING (flow_number, number)
    LEFT JOIN heard USING (flow_number)
  WHERE frame IN (SELECT frame FROM own)
  ORDER BY frame, place`;
