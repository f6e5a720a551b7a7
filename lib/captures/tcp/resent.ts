/** An ack starts what a sender sends at once; a timer runs longer. tshark tells fast retransmissions by the same time. */
const atOnceNs = 20_000_000;

/**
 * Retransmissions by kind, in the words of tshark's analysis, which marks every kind as retransmission: `syn` (a SYN again), `spurious` (it
 * was acknowledged already), `fast` (after duplicate acks), `recovery` (one more hole of the same recovery: duplicate acks are
 * still coming in), and `rto` for the rest, which waited for a timer.
 */
export const resentViews = {
  retransmissions: "SELECT * FROM tcp WHERE retransmission",
  answers: `
    SELECT flow_number, NOT from_client AS to_client, frame AS ack_frame, time_ns AS ack_time_ns, duplicate_ack AS last_duplicate
    FROM tcp SEMI JOIN retransmissions USING (flow_number)`,
  resent: `
    SELECT r.*,
      CASE
        WHEN syn THEN 'syn'
        WHEN spurious_retransmission THEN 'spurious'
        WHEN fast_retransmission THEN 'fast'
        WHEN last_duplicate >= 2 AND time_ns - ack_time_ns <= ${atOnceNs} THEN 'recovery'
        ELSE 'rto' END AS kind
    FROM retransmissions r ASOF LEFT JOIN answers a
      ON r.flow_number = a.flow_number AND r.from_client = a.to_client AND r.frame > a.ack_frame`,
};
