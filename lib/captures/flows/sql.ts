/** Packets that belong to a flow, with the flow's key. A tunnel's network id is part of it; GRE keys may differ by direction. */
const keyed = `
  SELECT *,
    concat_ws(' ', transport,
      CASE transport
        WHEN 'tcp' THEN CAST(tcp_stream AS VARCHAR)
        WHEN 'udp' THEN CAST(udp_stream AS VARCHAR)
        ELSE concat_ws(' ', least(src, dst), greatest(src, dst), icmp_id)
      END,
      CASE WHEN NOT contains(tunnel, 'gre') THEN tunnel_id END) AS flow,
    coalesce(contains(tcp_flags, 'SYN'), false) AS syn,
    coalesce(contains(tcp_flags, 'ACK'), false) AS ack,
    coalesce(icmp_type IN (8, 128), false) AS request,
    coalesce(icmp_type IN (0, 129), false) AS reply
  FROM this
  WHERE transport IN ('tcp', 'udp', 'icmp', 'icmpv6') AND src IS NOT NULL AND dst IS NOT NULL`;

/** The packet of each flow that tells client from server, and how it tells. */
const openers = `
  SELECT flow,
    CASE
      WHEN bool_or(syn AND NOT ack) THEN 'SYN'
      WHEN bool_or(syn AND ack) THEN 'SYN ACK'
      WHEN bool_or(request) THEN 'echo request'
      WHEN bool_or(reply) THEN 'echo reply'
      WHEN any_value(transport) = 'tcp' AND any_value(src_port) <> any_value(dst_port) THEN 'lower port is the server'
      ELSE 'first packet is the client''s'
    END AS direction_by,
    coalesce(
      min(frame) FILTER (syn AND NOT ack),
      min(frame) FILTER (syn AND ack),
      min(frame) FILTER (request),
      min(frame) FILTER (reply),
      min(frame)) AS frame
  FROM keyed GROUP BY flow`;

const ends = `
  SELECT flow, direction_by,
    CASE direction_by
      WHEN 'SYN ACK' THEN true
      WHEN 'echo reply' THEN true
      WHEN 'lower port is the server' THEN src_port < dst_port
      ELSE false
    END AS from_server,
    CASE WHEN from_server THEN dst ELSE src END AS client,
    CASE WHEN from_server THEN dst_port ELSE src_port END AS client_port,
    CASE WHEN from_server THEN src ELSE dst END AS server,
    CASE WHEN from_server THEN src_port ELSE dst_port END AS server_port
  FROM openers JOIN keyed USING (flow, frame)`;

const sided = `
  SELECT keyed.*, client, client_port, server, server_port, direction_by,
    keyed.src = client AND keyed.src_port IS NOT DISTINCT FROM client_port AND (src <> dst OR src_port <> dst_port OR icmp_type IS DISTINCT FROM 0) AS sent
  FROM keyed JOIN ends USING (flow)`;

/** One row per flow, in the order of their first packets. */
export const flowsSql = `
WITH keyed AS (${keyed}), openers AS (${openers}), ends AS (${ends}), sided AS (${sided})
SELECT
  any_value(transport) AS transport,
  any_value(CASE transport WHEN 'tcp' THEN tcp_stream WHEN 'udp' THEN udp_stream END) AS stream,
  any_value(client) AS client, any_value(client_port) AS client_port,
  any_value(server) AS server, any_value(server_port) AS server_port,
  any_value(direction_by) AS direction_by,
  arg_min(tunnel, frame) AS tunnel, arg_min(tunnel_id, frame) AS tunnel_id,
  min(time_ns) AS start_ns, max(time_ns) - min(time_ns) AS duration_ns,
  count(*) FILTER (sent) AS client_packets, count(*) FILTER (NOT sent) AS server_packets,
  coalesce(sum(wire_bytes) FILTER (sent), 0) AS client_wire_bytes,
  coalesce(sum(wire_bytes) FILTER (NOT sent), 0) AS server_wire_bytes,
  CASE WHEN any_value(transport) = 'tcp' THEN coalesce(sum(tcp_len_bytes) FILTER (sent), 0) END AS client_payload_bytes,
  CASE WHEN any_value(transport) = 'tcp' THEN coalesce(sum(tcp_len_bytes) FILTER (NOT sent), 0) END AS server_payload_bytes,
  CASE WHEN any_value(transport) = 'tcp' THEN coalesce(sum(tcp_len_bytes) FILTER (sent AND retransmission), 0) END AS client_resent_bytes,
  CASE WHEN any_value(transport) = 'tcp' THEN coalesce(sum(tcp_len_bytes) FILTER (NOT sent AND retransmission), 0) END AS server_resent_bytes,
  CASE WHEN any_value(transport) = 'tcp' THEN count(*) FILTER (retransmission) END AS retransmissions,
  CASE WHEN any_value(transport) = 'tcp' THEN count(*) FILTER (out_of_order) END AS out_of_order,
  CASE WHEN any_value(transport) = 'tcp' THEN count(*) FILTER (zero_window) END AS zero_windows,
  CASE WHEN any_value(transport) = 'tcp' THEN count(*) FILTER (contains(tcp_flags, 'RST')) END AS rst,
  CASE WHEN any_value(transport) = 'tcp' THEN count(*) FILTER (contains(tcp_flags, 'FIN')) END AS fin,
  CASE WHEN any_value(transport) = 'tcp' THEN bool_or(syn AND NOT ack) AND bool_or(syn AND ack) END AS handshake,
  CAST(round(coalesce(max(initial_rtt_ns), median(dns_rtt_ns), median(icmp_rtt_ns))) AS BIGINT) AS rtt_ns
FROM sided GROUP BY flow ORDER BY min(frame)`;
