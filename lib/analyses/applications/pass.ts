import { type Capture, dissect, integer, packetSettings, text, type Wanted } from "../../captures/index.js";
import type { Table } from "../../tables/index.js";

/** What tshark is asked for about the messages of an application. */
export interface Application extends Pick<Wanted, "columns" | "filter" | "essential" | "withhold"> {
  /** Names the passes of tshark. */
  name: string;
  /** Its layer, by the names that `protocols` has for it. */
  layers: readonly string[];
}

/** What every row of a pass has. */
export const rowColumns = [
  integer(
    ["frame", null, "packet in which tshark shows the messages: the last of what it put together"],
    "frame.number",
  ),
  text(
    ["segments", null, "packets that it put together, joined by commas; null for one alone"],
    "tcp.segment",
  ),
];

/** Messages over several segments are put together, whatever their checksums (a sender's own device fills them in later) and their order. */
const together = [
  ...packetSettings.filter((setting) => !/desegment|check_checksum/.test(setting)),
  "tcp.desegment_tcp_streams:TRUE",
  "tcp.reassemble_out_of_order:TRUE",
  ...["tcp.check_checksum:FALSE", "udp.check_checksum:FALSE", "ip.check_checksum:FALSE"],
  "http.decompress_body:FALSE",
];
/** Each segment by itself: after a gap that nothing fills, tshark waits for the missing data and shows no message any more. */
const apart = [...packetSettings, "http.decompress_body:FALSE"];

const made = new WeakMap<Capture, Map<string, Promise<Table>>>();

/** tshark's pass over a capture for the messages of an application, one row per packet that has some; asked again, the same Table. */
export function messagesOf(
  capture: Capture,
  application: Application,
  how: "together" | "apart",
): Promise<Table> {
  const { layers: _, ...asked } = application;
  const name = `${application.name} ${how}`;
  const tables = made.get(capture) ?? new Map<string, Promise<Table>>();
  made.set(capture, tables);
  const known = tables.get(name);
  if (known !== undefined) return known;
  const table = dissect(capture, {
    ...asked,
    name,
    settings: how === "together" ? together : apart,
    code: new URL("./", import.meta.url),
  });
  tables.set(name, table);
  table.catch(() => tables.delete(name));
  return table;
}
