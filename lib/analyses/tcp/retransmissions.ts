import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { duration, flag, flow, frame, sender, time, word } from "../query/index.js";
import { onScale } from "./blocks.js";
import { resentViews } from "./resent.js";
import { sequencesOf } from "./sequence/index.js";

/** So many segments the receiving host may put together (GRO) and find to be twice there at once: 64 KiB of them. */
const coalesced = 64;

const columns: Column[] = [
  frame,
  time,
  flow,
  sender,
  word(
    "kind",
    "syn, fast, recovery (more of the same loss), rto (a timer ran out), spurious (it was acknowledged already)",
  ),
  { name: "tcp_seq", type: "BIGINT", meaning: "its sequence number, relative" },
  { name: "resent_bytes", type: "INTEGER", unit: "bytes", meaning: "payload that was sent again" },
  duration(
    "waited_ns",
    "since the segment was sent before; null where the capture lacks that, or the segment was acknowledged by then",
  ),
  flag(
    "needless",
    "the receiver said by D-SACK that it had it already; one D-SACK is about one copy, the last before it",
  ),
];

/**
 * Every TCP retransmission, with its kind, by the sequence numbers of both sides: `syn` a SYN; `spurious` where all of it was acknowledged;
 * `fast` where two duplicate acks or more ask for it, and it follows them at once; `recovery` where it follows an ack that repeats,
 * selects or moves on, or another retransmission, at once; else `rto`. At once: within 20 ms and the time that its sender takes to
 * answer. Copies of a packet are no retransmissions, nor are keep-alives and window probes.
 *
 * Columns:
 * - `frame` INTEGER: number of the packet in the file
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `sender` VARCHAR: client or server: who sent it
 * - `kind` VARCHAR: syn, fast, recovery (more of the same loss), rto (a timer ran out), spurious (it was acknowledged already)
 * - `tcp_seq` BIGINT: its sequence number, relative
 * - `resent_bytes` INTEGER, bytes: payload that was sent again
 * - `waited_ns` BIGINT, ns: since the segment was sent before; null where the capture lacks that, or the segment was acknowledged
 *   by then
 * - `needless` BOOLEAN: the receiver said by D-SACK that it had it already; one D-SACK is about one copy, the last before it
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per retransmission, in the order of the file.
 * @throws SkbookError as `flows` does.
 */
export async function retransmissions(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "retransmissions",
    needs: "FROM segments WHERE resent IS NOT NULL",
    views: {
      ...resentViews,
      // What was sent again, by where it begins, in the order of numbers.
      starts: `
        SELECT flow_number, from_client, number AS begins,
          row_number() OVER (PARTITION BY flow_number, from_client ORDER BY number) AS nth
        FROM retransmitted WHERE tcp_len_bytes > 0 GROUP BY flow_number, from_client, number`,
      twice: `
        SELECT flow_number, NOT from_client AS from_client, place, ${onScale("dsack_le")} AS twice_from, ${onScale("dsack_re")} AS twice_to
        FROM tcp WHERE dsack_le IS NOT NULL`,
      // What a D-SACK is about: what begins in it. Of a segment that offloading cut into many, the first one's D-SACK counts.
      reached: `
        SELECT twice.*, nth AS last_nth FROM twice ASOF JOIN starts
          ON twice.flow_number = starts.flow_number AND twice.from_client = starts.from_client AND twice_to > begins`,
      about: `
        SELECT flow_number, from_client, begins, place FROM (
          SELECT flow_number, from_client, place, twice_from, unnest(range(last_nth, last_nth - ${coalesced}, -1)) AS nth FROM reached)
        JOIN starts USING (flow_number, from_client, nth) WHERE begins >= twice_from`,
      /*
       * Each D-SACK settles the last copy before it that isn't settled yet, as a closing parenthesis does: a copy is settled where the
       * count of copies less D-SACKs later falls below what it is with the copy.
       */
      counted: `
        SELECT *, sum(step) OVER (PARTITION BY flow_number, from_client, begins ORDER BY place ROWS UNBOUNDED PRECEDING) AS open
        FROM (
          SELECT frame, flow_number, from_client, number AS begins, place, 1 AS step FROM retransmitted WHERE tcp_len_bytes > 0
          UNION ALL SELECT NULL, flow_number, from_client, begins, place, -1 FROM about)`,
      needless: `
        SELECT frame FROM (
          SELECT frame, open > min(open) OVER (
            PARTITION BY flow_number, from_client, begins ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS settled
          FROM counted)
        WHERE frame IS NOT NULL AND settled`,
    },
    query: `
      SELECT retransmitted.frame, time_ns, flow, sender, kind, number AS tcp_seq, resent_bytes, waited_ns,
        needless.frame IS NOT NULL AS needless
      FROM retransmitted JOIN conversations USING (flow_number) LEFT JOIN needless USING (frame) ORDER BY retransmitted.frame`,
    columns,
  });
}
