import type { Table } from "../../../tables/index.js";
import type { Subject } from "../../subject/index.js";
import { tcpHealth } from "../health.js";

/** What most rules about TCP go by: one row per connection and direction. */
export function health({ capture, filter }: Subject): Promise<Table> {
  return tcpHealth(capture, filter);
}

/** Columns that say which direction of which connection a row is about. */
export const direction = ["flow", "client", "client_port", "server", "server_port", "sender"];
