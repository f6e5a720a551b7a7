import { field } from "./fields.js";
import { column, type PacketColumn } from "./readers.js";

const number = field("rtp.seq||esp.sequence||gre.sequence_number");
const id = field("rtp.ssrc||esp.spi||gre.key");

/** Sequence numbers of datagrams, where their protocol has them. */
export const sequenceColumns: PacketColumn[] = [
  column(
    ["sequence_of", null, "whose sequence number it has: rtp, esp or gre"],
    "VARCHAR",
    [number],
    (row) => (row.has(number) ? row.layers.numbered : null),
  ),
  column(["sequence", null, "sequence number of RTP, ESP or GRE"], "BIGINT", [number], (row) =>
    row.integer(number),
  ),
  column(["sequence_id", null, "what is numbered: SSRC, SPI or key"], "VARCHAR", [number, id], (row) =>
    row.has(number) ? row.textAt(id, 0) : null,
  ),
];
