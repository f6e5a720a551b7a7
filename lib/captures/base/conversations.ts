/** The id of a conversation, of the packet itself or (`quoted_`) of the one that it quotes; a GRE key is no part: it may differ by direction. */
const flowOf = (prefix: "" | "quoted_") => `
  concat_ws(' ', ${prefix}transport,
    CASE ${prefix}transport
      WHEN 'tcp' THEN CAST(${prefix}tcp_stream AS VARCHAR)
      WHEN 'udp' THEN CAST(${prefix}udp_stream AS VARCHAR)
      ELSE concat_ws(' ', least(${prefix}src, ${prefix}dst), greatest(${prefix}src, ${prefix}dst), ${prefix}icmp_id)
    END,
    CASE WHEN NOT contains(tunnel, 'gre') THEN tunnel_id END)`;

/** Which packets belong to a conversation. Ports that are used again make another one (tcp.stream). */
const owned = "transport IS NOT NULL AND src IS NOT NULL AND dst IS NOT NULL";

const request = "icmp_type IN (8, 128)";
const reply = "icmp_type IN (0, 129)";

/** The packet of each conversation that tells client from server, and how it tells. */
const openers = `
  SELECT flow,
    CASE
      WHEN bool_or(syn AND NOT ack) THEN 'SYN'
      WHEN bool_or(syn AND ack) THEN 'SYN ACK'
      WHEN bool_or(${request}) THEN 'echo request'
      WHEN bool_or(${reply}) THEN 'echo reply'
      WHEN any_value(transport) = 'tcp' AND any_value(src_port) <> any_value(dst_port) THEN 'lower port is the server'
      ELSE 'first packet is the client''s'
    END AS direction_by,
    coalesce(
      min(frame) FILTER (syn AND NOT ack),
      min(frame) FILTER (syn AND ack),
      min(frame) FILTER (${request}),
      min(frame) FILTER (${reply}),
      min(frame)) AS frame,
    min(frame) AS first_frame
  FROM (
    SELECT *, ${flowOf("")} AS flow,
      coalesce(contains(tcp_flags, 'SYN'), false) AS syn, coalesce(contains(tcp_flags, 'ACK'), false) AS ack
    FROM packets WHERE ${owned})
  GROUP BY flow`;

/** One row per conversation, in the order of their first packets. */
export const conversationsSql = `
  WITH openers AS (${openers})
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
  FROM packets JOIN openers USING (frame)
  ORDER BY first_frame`;

/** Of each packet: its conversation, who sent it, the conversation that it is an ICMP error about, and whether it is a copy. In the order of the packets, one row for each. */
export const sidesSql = `
  WITH named AS (
    SELECT frame, src, src_port, dst, dst_port, icmp_type,
      CASE WHEN ${owned} THEN ${flowOf("")} END AS flow,
      CASE WHEN quoted_transport IS NOT NULL THEN ${flowOf("quoted_")} END AS about
    FROM packets
  )
  SELECT frame, own.flow_number,
    CASE WHEN own.flow_number IS NOT NULL THEN
      src = own.client AND src_port IS NOT DISTINCT FROM own.client_port
        AND (src <> dst OR src_port <> dst_port OR NOT coalesce(${reply}, false))
    END AS from_client,
    about.flow_number AS about_number, copies.frame IS NOT NULL AS copy
  FROM named LEFT JOIN conversations own ON own.flow = named.flow
    LEFT JOIN conversations about ON about.flow = named.about
    LEFT JOIN copies USING (frame)
  ORDER BY frame`;
