/** An ack starts what a sender sends at once; a timer runs longer. tshark tells fast retransmissions by the same time. */
const atOnceNs = 20_000_000;

/**
 * Retransmissions by kind, in the words of tshark's analysis, which marks every kind as retransmission: `syn` (a SYN again), `spurious` (it
 * was acknowledged already), `fast` (after duplicate acks), `recovery` (sent at an ack that repeats, selects or moves on: one
 * more hole of the same loss), and `rto` for the rest, which waited for a timer: that one starts anew with each ack that moves on (RFC 6298).
 */
export const resentViews = {
  retransmissions: "SELECT * FROM tcp WHERE retransmission",
  // Only acks that came shortly before one matter: most are left out before they are put in order.
  moments: `
    SELECT DISTINCT flow_number, NOT from_client AS from_client, unnest([time_ns // ${atOnceNs}, time_ns // ${atOnceNs} - 1]) AS moment
    FROM retransmissions`,
  answers: `
    SELECT flow_number, NOT from_client AS to_client, frame AS ack_frame, time_ns AS ack_time_ns,
      coalesce(duplicate_ack >= 2, false) OR sack_le IS NOT NULL OR ack_rtt_ns IS NOT NULL AS asks
    FROM (SELECT *, time_ns // ${atOnceNs} AS moment FROM tcp) SEMI JOIN moments USING (flow_number, from_client, moment)`,
  resent: `
    SELECT r.*,
      CASE
        WHEN syn THEN 'syn'
        WHEN spurious_retransmission THEN 'spurious'
        WHEN fast_retransmission THEN 'fast'
        WHEN asks AND time_ns - ack_time_ns <= ${atOnceNs} THEN 'recovery'
        ELSE 'rto' END AS kind
    FROM retransmissions r ASOF LEFT JOIN answers a
      ON r.flow_number = a.flow_number AND r.from_client = a.to_client AND r.frame > a.ack_frame`,
};
