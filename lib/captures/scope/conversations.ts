/**
 * Packets that belong to a conversation, with its id. Ports that are used again make another one (tcp.stream); a tunnel's
 * network id is part of the id, but a GRE key isn't: it may differ by direction.
 */
const keyed = `
  SELECT frame, time_ns, src, src_port, dst, dst_port, transport, tcp_stream, udp_stream, tunnel, tunnel_id, vlan,
    outer_src, outer_dst, icmp_type,
    concat_ws(' ', transport,
      CASE
        WHEN transport = 'tcp' THEN CAST(tcp_stream AS VARCHAR)
        WHEN transport = 'udp' THEN CAST(udp_stream AS VARCHAR)
        ELSE concat_ws(' ', least(src, dst), greatest(src, dst), icmp_id)
      END,
      CASE WHEN NOT contains(tunnel, 'gre') THEN tunnel_id END) AS flow,
    coalesce(contains(tcp_flags, 'SYN'), false) AS syn,
    coalesce(contains(tcp_flags, 'ACK'), false) AS ack,
    coalesce(icmp_type IN (8, 128), false) AS request,
    coalesce(icmp_type IN (0, 129), false) AS reply
  FROM packets
  WHERE transport IS NOT NULL AND src IS NOT NULL AND dst IS NOT NULL`;

/** The packet of each conversation that tells client from server, and how it tells. */
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
      min(frame)) AS frame,
    min(frame) AS first_frame
  FROM keyed GROUP BY flow`;

/** One row per conversation, in the order of their first packets. */
export const conversationsSql = `
  WITH keyed AS (${keyed}), openers AS (${openers})
  SELECT flow, row_number() OVER (ORDER BY first_frame) AS flow_number, direction_by, transport,
    CASE transport WHEN 'tcp' THEN tcp_stream WHEN 'udp' THEN udp_stream END AS stream,
    CASE direction_by
      WHEN 'SYN ACK' THEN true
      WHEN 'echo reply' THEN true
      WHEN 'lower port is the server' THEN src_port < dst_port
      ELSE false
    END AS from_server,
    CASE WHEN from_server THEN dst ELSE src END AS client,
    CASE WHEN from_server THEN dst_port ELSE src_port END AS client_port,
    CASE WHEN from_server THEN src ELSE dst END AS server,
    CASE WHEN from_server THEN src_port ELSE dst_port END AS server_port,
    CASE WHEN from_server THEN outer_dst ELSE outer_src END AS client_outer,
    CASE WHEN from_server THEN outer_src ELSE outer_dst END AS server_outer,
    tunnel, tunnel_id, vlan
  FROM openers JOIN keyed USING (flow, frame)
  ORDER BY first_frame`;

/** Of each packet: its conversation, who sent it, the conversation that it is an ICMP error about, and whether it is a copy. */
export const sidesSql = `
  WITH keyed AS (${keyed}),
  owned AS (
    SELECT frame, flow_number,
      keyed.src = client AND keyed.src_port IS NOT DISTINCT FROM client_port
        AND (src <> dst OR src_port <> dst_port OR NOT coalesce(icmp_type IN (0, 129), false)) AS from_client
    FROM keyed JOIN conversations USING (flow)
  ),
  quoting AS (
    SELECT frame, concat_ws(' ', quoted_transport,
      CASE
        WHEN quoted_transport = 'tcp' THEN CAST(quoted_tcp_stream AS VARCHAR)
        WHEN quoted_transport = 'udp' THEN CAST(quoted_udp_stream AS VARCHAR)
        ELSE concat_ws(' ', least(quoted_src, quoted_dst), greatest(quoted_src, quoted_dst), quoted_icmp_id)
      END,
      CASE WHEN NOT contains(tunnel, 'gre') THEN tunnel_id END) AS flow
    FROM packets WHERE quoted_transport IS NOT NULL
  ),
  about AS (SELECT frame, flow_number AS about_number FROM quoting JOIN conversations USING (flow))
  SELECT frame, flow_number, from_client, about_number, copies.frame IS NOT NULL AS copy
  FROM packets LEFT JOIN owned USING (frame) LEFT JOIN about USING (frame) LEFT JOIN copies USING (frame)`;
