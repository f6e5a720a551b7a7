import type { Column, Value } from "../../../tables/index.js";
import type { Marks } from "./segment.js";

/** A column of the pass's Table, and how it is read off what the pass says of a packet. */
interface MarkColumn {
  column: Column;
  read(marks: Marks): Value;
}

const bytes = (
  name: string,
  type: Column["type"],
  meaning: string,
  read: MarkColumn["read"],
): MarkColumn => ({
  column: { name, type, unit: "bytes", meaning },
  read,
});
const nanoseconds = (name: string, meaning: string, read: MarkColumn["read"]): MarkColumn => ({
  column: { name, type: "BIGINT", unit: "ns", meaning },
  read,
});
const other = (
  name: string,
  type: Column["type"],
  meaning: string,
  read: MarkColumn["read"],
): MarkColumn => ({
  column: { name, type, meaning },
  read,
});

/** What is said of each packet; null of what is not TCP, and of copies. */
export const markColumns: MarkColumn[] = [
  other("number", "BIGINT", "sequence number, from its side's first; doesn't wrap", ({ seq }) => seq),
  other("ack_number", "BIGINT", "acknowledged number on the same scale", ({ ack }) => ack),
  bytes("new_bytes", "INTEGER", "payload that wasn't there before", ({ newBytes }) => newBytes),
  bytes("resent_bytes", "INTEGER", "payload that was sent before", ({ resentBytes }) => resentBytes),
  bytes("filled_bytes", "INTEGER", "payload that fills holes", ({ filledBytes }) => filledBytes),
  other(
    "resent",
    "VARCHAR",
    "why it was sent again: syn, fast, recovery, rto, spurious",
    ({ resent }) => resent,
  ),
  nanoseconds("waited_ns", "since it was sent before", ({ waited }) => waited),
  bytes("hole_bytes", "BIGINT", "missing right before it when it came", ({ holeBytes }) => holeBytes),
  other("out_of_order", "BOOLEAN", "fills a hole, too soon to be sent again", ({ outOfOrder }) => outOfOrder),
  other("behind_hole", "BOOLEAN", "something before it was missing", ({ behindHole }) => behindHole),
  other("after_ack", "BOOLEAN", "acknowledged before it was captured", ({ afterAck }) => afterAck),
  bytes("acked_bytes", "BIGINT", "newly acknowledged by it", ({ ackedBytes }) => ackedBytes),
  bytes(
    "open_bytes",
    "BIGINT",
    "of one that acknowledges something: what the other side had sent by then and it had not acknowledged before",
    ({ openBytes }) => openBytes,
  ),
  other(
    "duplicate_ack",
    "INTEGER",
    "how many times the same ack came again",
    ({ duplicateAck }) => duplicateAck,
  ),
  nanoseconds("trip_ns", "from the segment that it acknowledges", ({ roundTrip }) => roundTrip),
  bytes("in_flight_bytes", "BIGINT", "sent and not acknowledged, it included", ({ inFlight }) => inFlight),
  other("zero_window", "BOOLEAN", "its sender takes nothing", ({ zeroWindow }) => zeroWindow),
  other("window_full", "BOOLEAN", "fills the other side's window", ({ windowFull }) => windowFull),
  other("keep_alive", "BOOLEAN", "asks whether the other side is there", ({ keepAlive }) => keepAlive),
  other("window_probe", "BOOLEAN", "asks whether a window has opened", ({ windowProbe }) => windowProbe),
  other("turn", "INTEGER", "of new data: whose turn it is, from 1", ({ turn }) => turn),
  nanoseconds("wait_ns", "of the first in a turn: since the other side's data", ({ wait }) => wait),
  nanoseconds(
    "pause_ns",
    "of a later one in a turn: since the turn's new data before it",
    ({ pause }) => pause,
  ),
  nanoseconds("since_ns", "since the connection's packet before it", ({ since }) => since),
  other("spent", "VARCHAR", "what that time was spent on", ({ spent }) => spent),
];

/** One row per packet of the file. */
export const segmentColumns: Column[] = [
  { name: "frame", type: "INTEGER", meaning: "number of the packet in the file" },
  { name: "place", type: "INTEGER", meaning: "its place in the order that counts" },
  ...markColumns.map(({ column }) => column),
];

/** One row per piece of what was missing, in the order in which it was known what became of it. */
export const holeColumns: Column[] = [
  { name: "frame", type: "INTEGER", meaning: "the packet that showed that something is missing" },
  { name: "by_ack", type: "BOOLEAN", meaning: "that packet acknowledged it" },
  { name: "begin_number", type: "BIGINT", meaning: "where it begins, on the scale of its side" },
  { name: "missing_bytes", type: "BIGINT", unit: "bytes", meaning: "how much" },
  { name: "fate", type: "VARCHAR", meaning: "out of order, resent, missed, after its ack, never" },
  { name: "filled_frame", type: "INTEGER", meaning: "the packet that brought it" },
  { name: "filled_ns", type: "BIGINT", unit: "ns", meaning: "until then" },
  { name: "acked_frame", type: "INTEGER", meaning: "the ack of it" },
];
