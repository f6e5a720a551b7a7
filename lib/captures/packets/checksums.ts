import { field } from "./fields.js";
import { column, type PacketColumn } from "./readers.js";
import type { Row } from "./row.js";

// Fields that no packet has together share an output column: each column costs tshark time, absent or not.
const value = {
  own: field("tcp.checksum||udp.checksum"),
  icmp: field("icmp.checksum||icmpv6.checksum"),
};
const verdict = {
  own: field("tcp.checksum.status||udp.checksum.status"),
  icmp: field("icmp.checksum.status||icmpv6.checksum.status"),
};
const ipVerdict = field("ip.checksum.status");

/** Checksums, and whether they are right. A host sees what it sends itself before the device fills its checksum in. */
export const checksumColumns: PacketColumn[] = [
  column(
    ["ip_checksum_status", null, "of the innermost IPv4 header: good, bad"],
    "VARCHAR",
    [ipVerdict],
    (row) => {
      const { inner } = row.layers;
      return inner?.version === 4 ? status(row, ipVerdict, inner.at) : null;
    },
  ),
  column(
    ["checksum", null, "checksum of TCP, UDP or ICMP as it stands in the packet"],
    "INTEGER",
    [value.own, value.icmp],
    (row) => own(row, value, (at, occurrence) => row.integer(at, occurrence)),
  ),
  column(
    ["checksum_status", null, "good, bad, unverified (cut or a fragment), not present (UDP without one)"],
    "VARCHAR",
    [verdict.own, verdict.icmp],
    (row) => own(row, verdict, (at, occurrence) => status(row, at, occurrence)),
  ),
];

/** Reads off the packet's own header: ICMP errors have the quoted packet's checksum, too. */
function own<T>(
  row: Row,
  fields: { own: number; icmp: number },
  read: (field: number, occurrence: number) => T | null,
): T | null {
  const { transport, transportAt } = row.layers;
  if (transport === "tcp" || transport === "udp") return read(fields.own, transportAt);
  return transport === "icmp" || transport === "icmpv6" ? read(fields.icmp, 0) : null;
}

/** By what tshark prints: `"Good"`, with the quotes. */
const statuses = new Map<string, string>();

function status(row: Row, at: number, occurrence: number): string | null {
  const printed = row.textAt(at, occurrence);
  if (printed === null) return null;
  let status = statuses.get(printed);
  if (status === undefined) {
    status = printed.replaceAll('"', "").toLowerCase();
    statuses.set(printed, status);
  }
  return status;
}
