/** Relations in SQL by name; each may name the ones before it. */
export type Relations = { [name: string]: string };

/**
 * The TCP connections that have one of some layers, whole, whatever part of them was chosen: `data` has their segments that carry
 * something, `missing` those of which the capture has not all, `broken` those and the ones with packets cut by the snap length.
 */
export function streamRelations(layers: readonly string[]): Relations {
  const names = layers.map((layer) => `'${layer}'`).join(", ");
  return {
    concerned: `
      SELECT DISTINCT flow_number FROM packets JOIN sides USING (frame)
      WHERE transport = 'tcp' AND NOT copy AND list_has_any(string_split(protocols, ':'), [${names}])
        AND flow_number IN (SELECT flow_number FROM own)`,
    whole: `
      SELECT frame, time_ns, flow_number, from_client, tcp_len_bytes, ack_number, segments.keep_alive, window_probe,
        captured_bytes < wire_bytes AS cut, contains(tcp_flags, 'SYN') AS syn, contains(tcp_flags, 'FIN') AS fin,
        contains(tcp_flags, 'RST') AS rst, contains(tcp_flags, 'ACK') AS ack,
        number + CAST(contains(tcp_flags, 'SYN') AS INTEGER) AS seq
      FROM packets JOIN sides USING (frame) JOIN segments USING (frame) SEMI JOIN concerned USING (flow_number) WHERE transport = 'tcp' AND NOT copy`,
    // A packet without data, too, says up to where its sender has sent.
    placed: `
      SELECT *, seq + tcp_len_bytes AS stop, seq > coalesce(max(seq + tcp_len_bytes + CAST(fin AS INTEGER)) FILTER (tcp_len_bytes > 0 OR fin) OVER (
        PARTITION BY flow_number, from_client ORDER BY seq, tcp_len_bytes, frame
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 1) AS hole
      FROM whole WHERE NOT rst AND NOT keep_alive AND NOT window_probe`,
    data: "SELECT * FROM placed WHERE tcp_len_bytes > 0",
    ends: `
      SELECT flow_number, from_client, max(seq + tcp_len_bytes + CAST(fin AS INTEGER)) AS stop,
        max(ack_number) FILTER (ack) AS acked, bool_or(syn) AS opened
      FROM whole WHERE NOT rst GROUP BY flow_number, from_client`,
    unseen: `
      SELECT one.flow_number, one.from_client FROM ends one JOIN ends other
        ON one.flow_number = other.flow_number AND one.from_client <> other.from_client
      WHERE other.acked > one.stop`,
    missing: `
      SELECT flow_number FROM placed WHERE hole
      UNION SELECT flow_number FROM unseen
      UNION SELECT flow_number FROM concerned WHERE flow_number NOT IN (
        SELECT flow_number FROM ends WHERE opened GROUP BY flow_number HAVING count(*) = 2)`,
    broken: "SELECT flow_number FROM missing UNION SELECT flow_number FROM data WHERE cut",
  };
}

/** Makes one SELECT of relations and a query over them. Each is computed once: as views they would be computed wherever they are named. */
export function over(relations: Relations, query: string): string {
  const named = Object.entries(relations).map(([name, sql]) => `${name} AS MATERIALIZED (${sql})`);
  return `WITH ${named.join(", ")} ${query}`;
}
