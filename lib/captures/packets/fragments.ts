import { field } from "./fields.js";
import { column, type PacketColumn } from "./readers.js";
import type { Row } from "./row.js";

const id = { 4: field("ip.id"), 6: field("ipv6.fraghdr.ident") };
const offset = { 4: field("ip.frag_offset"), 6: field("ipv6.fraghdr.offset") };
const more = { 4: field("ip.flags.mf"), 6: field("ipv6.fraghdr.more") };

/** What tells a fragment from a whole packet. */
const decisive = [more[4], offset[4], offset[6]];

/** Headers count the offset in units of 8 bytes, and tshark prints it so. */
const offsetUnit = 8;

/** Which of a packet's IP headers says that it is a fragment, as the occurrence in the fields of its version. */
interface Fragmented {
  version: 4 | 6;
  at: number;
}

/** What a packet says about being a fragment. */
export const fragmentColumns: PacketColumn[] = [
  column(
    ["fragment", null, "it is a fragment of an IP packet; null without IP"],
    "BOOLEAN",
    decisive,
    (row) => (row.layers.inner === null ? null : fragmented(row) !== null),
  ),
  column(
    ["fragment_id", null, "identification that the fragments of a packet share; null outside fragments"],
    "BIGINT",
    [id[4], id[6], ...decisive],
    (row) => ofFragment(row, ({ version, at }) => row.integer(id[version], at)),
  ),
  column(
    ["fragment_offset_bytes", "bytes", "where the fragment belongs in its packet; null outside fragments"],
    "INTEGER",
    decisive,
    (row) => ofFragment(row, ({ version, at }) => (row.integer(offset[version], at) ?? 0) * offsetUnit),
  ),
  column(
    ["more_fragments", null, "it isn't the last fragment; null outside fragments"],
    "BOOLEAN",
    [more[6], ...decisive],
    (row) => ofFragment(row, ({ version, at }) => row.integer(more[version], at) === 1),
  ),
];

/** The header of the fragment itself: what tshark shows below the last one is the reassembled packet. */
function fragmented(row: Row): Fragmented | null {
  for (let at = 0; at < row.layers.v4Headers; at++) {
    if (row.integer(more[4], at) === 1 || (row.integer(offset[4], at) ?? 0) > 0) return { version: 4, at };
  }
  return row.has(offset[6]) ? { version: 6, at: 0 } : null;
}

function ofFragment<T>(row: Row, read: (fragment: Fragmented) => T): T | null {
  const fragment = fragmented(row);
  return fragment === null ? null : read(fragment);
}
