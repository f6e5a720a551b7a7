const tcp = (sql: string) => `CASE WHEN any_value(transport) = 'tcp' THEN ${sql} END`;
const payload = "CASE transport WHEN 'tcp' THEN tcp_len_bytes WHEN 'udp' THEN udp_len_bytes END";

/** From a SYN to its answer, and from that to the client's ACK. */
const handshake =
  "min(trip_ns) FILTER (contains(tcp_flags, 'SYN')) + min(trip_ns) FILTER (from_client AND ack_number = 1)";

/** One row per flow, in the order of their first packets. */
export const flowsSql = `
WITH counted AS (
  SELECT flow_number, any_value(transport) AS transport,
    min(time_ns) AS start_ns, max(time_ns) - min(time_ns) AS duration_ns,
    count(*) FILTER (from_client) AS client_packets, count(*) FILTER (NOT from_client) AS server_packets,
    coalesce(sum(wire_bytes) FILTER (from_client), 0) AS client_wire_bytes,
    coalesce(sum(wire_bytes) FILTER (NOT from_client), 0) AS server_wire_bytes,
    CASE WHEN any_value(transport) IN ('tcp', 'udp') THEN coalesce(sum(${payload}) FILTER (from_client), 0) END AS client_payload_bytes,
    CASE WHEN any_value(transport) IN ('tcp', 'udp') THEN coalesce(sum(${payload}) FILTER (NOT from_client), 0) END AS server_payload_bytes,
    ${tcp("coalesce(sum(resent_bytes) FILTER (from_client), 0)")} AS client_resent_bytes,
    ${tcp("coalesce(sum(resent_bytes) FILTER (NOT from_client), 0)")} AS server_resent_bytes,
    ${tcp("count(resent)")} AS retransmissions,
    ${tcp("count(*) FILTER (out_of_order)")} AS out_of_order,
    ${tcp("count(*) FILTER (zero_window)")} AS zero_windows,
    ${tcp("count(*) FILTER (contains(tcp_flags, 'RST'))")} AS rst,
    ${tcp("count(*) FILTER (contains(tcp_flags, 'FIN'))")} AS fin,
    ${tcp("bool_or(contains(tcp_flags, 'SYN') AND NOT contains(tcp_flags, 'ACK')) AND bool_or(contains(tcp_flags, 'SYN') AND contains(tcp_flags, 'ACK'))")} AS handshake,
    round(coalesce(${handshake}, median(dns_rtt_ns), median(icmp_rtt_ns))) AS rtt_ns,
    count(*) FILTER (copy) AS copies
  FROM seen GROUP BY flow_number)
SELECT counted.*, flow, stream, client, client_port, server, server_port, direction_by, tunnel, tunnel_id, client_outer, server_outer, vlan
FROM counted JOIN conversations USING (flow_number) ORDER BY flow_number`;
