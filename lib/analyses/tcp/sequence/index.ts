import { type Capture, type Scope, scopeOf, type TrafficFilter } from "../../../captures/index.js";
import type { Column, Table } from "../../../tables/index.js";
import { among, count, flag, word } from "../../query/index.js";
import { sequencePass } from "./pass.js";

/** The part of a capture that a filter takes, with what its sequence spaces say of each packet. */
export async function sequencesOf(capture: Capture, filter: TrafficFilter): Promise<Scope> {
  return (await scopeOf(capture, filter)).with(sequencePass);
}

const number: Column = { name: "flow_number", type: "INTEGER", meaning: "of the connection" };
/** Points of capture turn packets around by less: what queues and devices hold. */
const turnedNs = 1_000_000;
/** So many acks before their data are no chance. */
const leastTurned = 3;

/**
 * Connections whose acks come before what they acknowledge: the clock of one direction is behind, as where files of two
 * hosts were put together. Asked again of the same part of a capture, the same Table.
 */
export const aheadOf = (scope: Scope): Promise<Table> =>
  scope.table({
    source: "ahead",
    query: `
    SELECT flow_number FROM holes JOIN tcp USING (frame) WHERE fate = 'after its ack' AND by_ack AND filled_ns > ${turnedNs}
    GROUP BY flow_number HAVING count(DISTINCT frame) >= ${leastTurned}
    UNION
    SELECT flow_number FROM tcp WHERE syn GROUP BY flow_number
    HAVING min(time_ns) FILTER (NOT ack) > min(time_ns) FILTER (ack) + ${turnedNs}
      AND count(DISTINCT tcp_seq_raw) FILTER (NOT ack) = 1 AND min(tcp_seq_raw) FILTER (NOT ack) + 1 = min(tcp_ack_raw) FILTER (ack)
      AND count(*) FILTER (NOT ack) = 1 AND count(*) FILTER (ack) = 1
    UNION
    SELECT flow_number FROM tcp WHERE NOT rst GROUP BY flow_number
    HAVING min(time_ns) FILTER (NOT from_client) = min(time_ns) FILTER (syn AND ack)
      AND min(time_ns) FILTER (from_client AND ack_number > 1) < min(time_ns) FILTER (syn AND ack) - ${turnedNs}`,
    columns: [number],
  });

/** Acks of data that the capture lacks for good, by direction. What was sent before the capture began is not missed. */
export const missedOf = (scope: Scope): Promise<Table> =>
  scope.table({
    source: "missed",
    needs: "FROM holes WHERE fate IN ('never', 'missed')",
    views: {
      lacking:
        "SELECT DISTINCT acked_frame FROM holes WHERE fate = 'never' OR fate = 'missed' AND filled_frame > acked_frame",
    },
    query: `
    SELECT flow_number, from_client, any_value(sender) AS sender, count(*) AS acks FROM tcp
    WHERE ${among("frame", "lacking")}
    GROUP BY flow_number, from_client`,
    columns: [
      number,
      flag("from_client", "the client sent them"),
      word("sender", "client or server"),
      count("acks", "of what is missing"),
    ],
  });
