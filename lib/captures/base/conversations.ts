const request = "icmp_type IN (8, 128)";
const reply = "icmp_type IN (0, 129)";
const dns = "dns_id IS NOT NULL AND transport IN ('tcp', 'udp') AND regexp_matches(protocols, ':dns(:|$)')";

/** Ports below this are given to services; nobody else is to send from them (RFC 6335, 6). */
const systemPorts = 1024;
/** Ports from here on are given to clients (net.ipv4.ip_local_port_range). */
export const clientPorts = 32_768;
const onlyOneBelow = (port: number) => `(any_value(src_port) < ${port}) <> (any_value(dst_port) < ${port})`;

/** The packet of each conversation that tells client from server, and how it tells. */
const openers = `
  SELECT owner, any_value(label) AS label,
    CASE
      WHEN bool_or(syn AND NOT ack) THEN 'SYN'
      WHEN bool_or(syn AND ack) THEN 'SYN ACK'
      WHEN bool_or(${request}) THEN 'echo request'
      WHEN bool_or(${reply}) THEN 'echo reply'
      WHEN bool_or(${dns} AND dns_rcode IS NULL) THEN 'DNS query'
      WHEN bool_or(${dns}) THEN 'DNS response'
      WHEN any_value(transport) = 'tcp' AND any_value(src_port) <> any_value(dst_port)
        OR any_value(transport) = 'udp' AND (${onlyOneBelow(systemPorts)} OR ${onlyOneBelow(clientPorts)})
        THEN 'lower port is the server'
      ELSE 'first packet is the client''s'
    END AS direction_by,
    coalesce(
      min(frame) FILTER (syn AND NOT ack),
      min(frame) FILTER (syn AND ack),
      min(frame) FILTER (${request}),
      min(frame) FILTER (${reply}),
      min(frame) FILTER (${dns} AND dns_rcode IS NULL),
      min(frame) FILTER (${dns}),
      min(frame)) AS frame,
    min(frame) AS first_frame, min(tcp_stream) AS tcp_number, min(udp_stream) AS udp_number
  FROM (
    SELECT packets.*, owner, label,
      coalesce(contains(tcp_flags, 'SYN'), false) AS syn, coalesce(contains(tcp_flags, 'ACK'), false) AS ack
    FROM packets POSITIONAL JOIN owners WHERE owner IS NOT NULL)
  GROUP BY owner`;

/** One row per conversation, in the order of their first packets. Ports that are used again make another one. */
export const conversationsSql = `
  WITH openers AS (${openers})
  SELECT concat_ws(' ', transport,
      CASE transport
        WHEN 'tcp' THEN CAST(tcp_number AS VARCHAR)
        WHEN 'udp' THEN CAST(udp_number AS VARCHAR)
        ELSE concat_ws(' ', least(src, dst), greatest(src, dst), icmp_id)
      END, label) AS flow,
    owner, row_number() OVER (ORDER BY first_frame) AS flow_number, direction_by, transport,
    CASE transport WHEN 'tcp' THEN tcp_number WHEN 'udp' THEN udp_number END AS stream,
    CASE direction_by
      WHEN 'SYN ACK' THEN true
      WHEN 'echo reply' THEN true
      WHEN 'DNS response' THEN true
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
    SELECT packets.frame, src, src_port, dst, dst_port, icmp_type, owner, about FROM packets POSITIONAL JOIN owners
  )
  SELECT frame, own.flow_number,
    CASE WHEN own.flow_number IS NOT NULL THEN
      src = own.client AND src_port IS NOT DISTINCT FROM own.client_port
        AND (src <> dst OR src_port IS DISTINCT FROM dst_port OR NOT coalesce(${reply}, false))
    END AS from_client,
    quoted.flow_number AS about_number, copies.frame IS NOT NULL AND copies.proved AS copy,
    copies.frame IS NOT NULL AND NOT copies.proved AS possible_copy
  FROM named LEFT JOIN conversations own ON own.owner = named.owner
    LEFT JOIN conversations quoted ON quoted.owner = named.about
    LEFT JOIN copies USING (frame)
  ORDER BY frame`;
