import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, flow, start, word } from "../query/index.js";
import { resentViews } from "./resent.js";
import { sequencesOf } from "./sequence/index.js";

const columns: Column[] = [
  flow,
  word("acker", "client or server: who sent the duplicate acks, for data that it missed"),
  start,
  duration("duration_ns", "from the first duplicate to the last"),
  { name: "tcp_ack", type: "BIGINT", meaning: "the number that they repeat: the missing data starts there" },
  count("duplicate_acks", "no data, the same window, data still to be acknowledged (RFC 5681)"),
  count("with_sack", "of those, with selective acks"),
  word("answer", "kind of the retransmission that the other side answered with; null: none"),
  duration("answer_ns", "from the first duplicate to that retransmission"),
];

/**
 * Runs of duplicate acks: each says that later data arrived and the data at `tcp_ack` didn't. Many of them in one run (a storm) mean a
 * long wait for the repair, or many packets behind one that is late.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `acker` VARCHAR: client or server: who sent the duplicate acks, for data that it missed
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `duration_ns` BIGINT, ns: from the first duplicate to the last
 * - `tcp_ack` BIGINT: the number that they repeat: the missing data starts there
 * - `duplicate_acks` BIGINT, packets: no data, the same window, data still to be acknowledged (RFC 5681)
 * - `with_sack` BIGINT, packets: of those, with selective acks
 * - `answer` VARCHAR: kind of the retransmission that the other side answered with; null: none
 * - `answer_ns` BIGINT, ns: from the first duplicate to that retransmission
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per run of one repeated number, in order of time.
 * @throws SkbookError as `flows` does.
 */
export async function duplicateAcks(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "duplicateAcks",
    needs: "FROM segments WHERE duplicate_ack IS NOT NULL",
    views: {
      ...resentViews,
      runs: `
        SELECT flow_number, sender AS acker, NOT from_client AS to_client, ack_number AS tcp_ack, min(frame) AS first_frame,
          min(time_ns) AS start_ns, max(time_ns) - min(time_ns) AS duration_ns,
          count(*) AS duplicate_acks, count(sack_le) AS with_sack
        FROM tcp WHERE duplicate_ack IS NOT NULL GROUP BY flow_number, sender, from_client, ack_number`,
    },
    query: `
      SELECT any_value(flow) AS flow, acker, start_ns, any_value(duration_ns) AS duration_ns, runs.tcp_ack,
        any_value(duplicate_acks) AS duplicate_acks, any_value(with_sack) AS with_sack,
        arg_min(kind, frame) AS answer, min(time_ns) - start_ns AS answer_ns
      FROM runs JOIN conversations USING (flow_number)
      LEFT JOIN retransmitted AS sent
        ON sent.flow_number = runs.flow_number AND from_client = to_client AND number = runs.tcp_ack AND frame > first_frame
      GROUP BY runs.flow_number, acker, runs.tcp_ack, start_ns, first_frame ORDER BY first_frame`,
    columns,
  });
}
