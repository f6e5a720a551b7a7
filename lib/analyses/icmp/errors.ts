import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { frame, time, word } from "../query/index.js";
import { errorName } from "./names.js";

/** What is said of each error, as {@link errorSelect} selects it. */
export const errorColumns: readonly Column[] = [
  frame,
  time,
  word("error", "port unreachable, fragmentation needed, time to live exceeded, ..."),
  { name: "icmp_type", type: "INTEGER", meaning: "ICMP or ICMPv6 type" },
  { name: "icmp_code", type: "INTEGER", meaning: "its code" },
  word("reporter", "address that sent the error"),
  word("told", "address that it was sent to"),
  word(
    "about",
    "id of the flow that the quoted packet belongs to; null where that flow is not in the capture",
  ),
  word("quoted_transport", "transport of the quoted packet"),
  word("quoted_src", "its source address"),
  { name: "quoted_src_port", type: "INTEGER", meaning: "its source port" },
  word("quoted_dst", "its destination address"),
  { name: "quoted_dst_port", type: "INTEGER", meaning: "its destination port" },
  {
    name: "icmp_mtu_bytes",
    type: "BIGINT",
    unit: "bytes",
    meaning:
      "MTU of the next hop, where the packet was too big for it; null where it isn't said (RFC 1191, 5)",
  },
];

/** Of a relation of errors, beside the conversation that they are about. */
export const errorSelect = (errors: string) => `
  frame, time_ns, ${errorName(`${errors}.transport`, "icmp_type", "icmp_code")} AS error, icmp_type, icmp_code, src AS reporter, dst AS told, flow AS about,
  quoted_transport, quoted_src, quoted_src_port, quoted_dst, quoted_dst_port, icmp_mtu_bytes`;

/**
 * ICMP errors of IPv4 and IPv6, tied to the flow whose packet they quote.
 *
 * Columns:
 * - `frame` INTEGER: number of the packet in the file
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `error` VARCHAR: port unreachable, fragmentation needed, time to live exceeded, ...
 * - `icmp_type` INTEGER: ICMP or ICMPv6 type
 * - `icmp_code` INTEGER: its code
 * - `reporter` VARCHAR: address that sent the error
 * - `told` VARCHAR: address that it was sent to
 * - `about` VARCHAR: id of the flow that the quoted packet belongs to; null where that flow is not in the capture
 * - `quoted_transport` VARCHAR: transport of the quoted packet
 * - `quoted_src` VARCHAR: its source address
 * - `quoted_src_port` INTEGER: its source port
 * - `quoted_dst` VARCHAR: its destination address
 * - `quoted_dst_port` INTEGER: its destination port
 * - `icmp_mtu_bytes` BIGINT, bytes: MTU of the next hop, where the packet was too big for it; null where it isn't said (RFC 1191,
 *   5)
 *
 * @param filter which conversations, and when: errors about a chosen one are among its packets. Default: all.
 * @returns a Table, one row per error, in the order of the file.
 * @throws SkbookError as `flows` does.
 */
export async function icmpErrors(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "icmpErrors",
    needs: "FROM packets WHERE quoted_src IS NOT NULL",
    views: { errors: "SELECT * FROM picked WHERE quoted_src IS NOT NULL" },
    query: `SELECT ${errorSelect("errors")} FROM errors LEFT JOIN conversations ON conversations.flow_number = about_number ORDER BY frame`,
    columns: errorColumns,
  });
}
