/** A sequence number has 32 bits (RFC 9293), a relative one too. */
const modulus = 2 ** 32;
const half = modulus / 2;

/** A difference of two numbers, in SQL, by the shorter way around. */
const shorter = (difference: string) => `(${difference} + ${modulus + half}) % ${modulus} - ${half}`;

/**
 * Sequence numbers that go on counting where those of 32 bits start anew, as relation `unwrapped`: for packets of connections that
 * reach that far, or have data from before the first packet that tshark counts from (below zero here). The numbers of one side's data,
 * as it sent them and as the other side acknowledged them, are followed in one row, so that both stay on one scale.
 */
export const unwrappedViews = {
  wrapping: `SELECT DISTINCT flow_number FROM tcp WHERE tcp_seq >= ${half} OR tcp_ack >= ${half}`,
  numbers: `
    SELECT frame, flow_number, from_client AS of_client, false AS acked, tcp_seq AS number FROM tcp SEMI JOIN wrapping USING (flow_number)
    UNION ALL
    SELECT frame, flow_number, NOT from_client, true, tcp_ack FROM tcp SEMI JOIN wrapping USING (flow_number) WHERE ack`,
  steps: `
    SELECT *, CASE WHEN lag(number) OVER space IS NULL THEN number - CASE WHEN number >= ${half} THEN ${modulus} ELSE 0 END
      ELSE ${shorter("number - lag(number) OVER space")} END AS step
    FROM numbers WINDOW space AS (PARTITION BY flow_number, of_client ORDER BY frame, acked)`,
  counted: `
    SELECT frame, acked, sum(step) OVER (PARTITION BY flow_number, of_client ORDER BY frame, acked) AS number FROM steps`,
  unwrapped: `
    SELECT frame, any_value(number) FILTER (NOT acked) AS seq, any_value(number) FILTER (acked) AS ack FROM counted GROUP BY frame`,
};

/** Edges of SACK blocks, in SQL: text of relative numbers, put on the scale of the unwrapped ack. */
export function unwrappedEdges(edges: string, ack: string, unwrapped: string): string {
  const edge = `${unwrapped} + ${shorter(`CAST(x AS BIGINT) - ${ack}`)}`;
  return `array_to_string(list_transform(string_split(${edges}, ','), x -> ${edge}), ',')`;
}
