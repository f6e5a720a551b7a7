import { field } from "./fields.js";
import { column, integer, type PacketColumn, text } from "./readers.js";

const id = field("dns.id");
const type = field("dns.qry.type");
const code = field("dns.flags.rcode");
// No packet has both: they share a column of tshark's output.
const upperBits = field("dhcpv6.status_code||dns.resp.ext_rcode");
const time = field("dns.time");

/** What DNS says. A TCP segment may hold several messages: all of them queries, or all of them responses. */
export const dnsColumns: PacketColumn[] = [
  integer(["dns_id", null, "DNS transaction; of the first message"], "dns.id"),
  text(["dns_name", null, "names asked for, joined by commas"], "dns.qry.name"),
  integer(["dns_type", null, "record type asked for: 1 A, 28 AAAA, 12 PTR, ..."], "dns.qry.type"),
  column(
    [
      "dns_rcode",
      null,
      "DNS response code, with the upper bits that EDNS gives (16 BADVERS, 23 BADCOOKIE); null in queries",
    ],
    "INTEGER",
    [code, upperBits],
    (row) => {
      const lower = row.integer(code);
      return lower === null ? null : lower + 16 * (row.integer(upperBits) ?? 0);
    },
  ),
  column(["dns_ids", null, "transactions of several messages, joined by commas"], "VARCHAR", [id], (row) =>
    row.several(id) ? row.text(id) : null,
  ),
  column(
    ["dns_types", null, "record types of several questions, joined by commas"],
    "VARCHAR",
    [type],
    (row) => (row.several(type) ? row.text(type) : null),
  ),
  column(
    ["dns_rcodes", null, "lower four bits of the codes of several responses, joined by commas"],
    "VARCHAR",
    [code],
    (row) => (row.several(code) ? row.text(code) : null),
  ),
  column(["dns_rtt_ns", "ns", "from the query to this response"], "BIGINT", [time], (row) =>
    row.scaled(time, 9),
  ),
];
