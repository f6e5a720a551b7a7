import { addresses } from "./ends.js";
import { field } from "./fields.js";
import { pseudoHeaderSum } from "./pseudo-header.js";
import { column, type PacketColumn } from "./readers.js";
import type { Row } from "./row.js";

// Fields that no packet has together share an output column: each column costs tshark time, absent or not.
const value = {
  own: field("tcp.checksum||udp.checksum"),
  other: field("icmp.checksum||icmpv6.checksum||sctp.checksum||vrrp.checksum||igmp.checksum||ospf.checksum"),
};
const verdict = {
  own: field("tcp.checksum.status||udp.checksum.status"),
  icmp: field("icmp.checksum.status||icmpv6.checksum.status"),
};
const ipVerdict = field("ip.checksum.status");
const length = { tcp: [field("tcp.hdr_len"), field("tcp.len")], udp: [field("udp.length")] };

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
    ["checksum", null, "checksum of TCP, UDP, ICMP, SCTP, VRRP, IGMP or OSPF as it stands in the packet"],
    "BIGINT",
    [value.own, value.other],
    (row) => {
      const { transport, transportAt } = row.layers;
      if (transport === "tcp" || transport === "udp") return row.integer(value.own, transportAt);
      return row.integer(value.other, 0);
    },
  ),
  column(
    [
      "checksum_status",
      null,
      "good; bad; partial (the sum of the pseudo-header only: its sender's device adds the rest later); unverified (cut or a fragment); not present (UDP without one)",
    ],
    "VARCHAR",
    [
      ...[value.own, verdict.own, verdict.icmp, ...length.tcp, ...length.udp],
      ...[addresses[4].src, addresses[4].dst, addresses[6].src, addresses[6].dst],
    ],
    (row) => {
      const { transport, transportAt } = row.layers;
      if (transport === "icmp" || transport === "icmpv6") return status(row, verdict.icmp, 0);
      if (transport !== "tcp" && transport !== "udp") return null;
      const printed = status(row, verdict.own, transportAt);
      return printed === "bad" && isPartial(row, transport) ? "partial" : printed;
    },
  ),
];

/** Linux, the BSDs and Windows leave the sum of the pseudo-header there for the device, some drivers without the length. */
function isPartial(row: Row, transport: "tcp" | "udp"): boolean {
  const { inner, transportAt } = row.layers;
  if (inner === null) return false;
  const { src, dst } = addresses[inner.version];
  const ends = [row.textAt(src, inner.at), row.textAt(dst, inner.at)];
  const bytes = length[transport].reduce((sum, at) => sum + (row.integer(at, transportAt) ?? 0), 0);
  const found = row.integer(value.own, transportAt);
  return [bytes, 0].some((one) => found === pseudoHeaderSum(ends, transport, one));
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
