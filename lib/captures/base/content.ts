/** Which packets belong to a conversation. */
export const owned = "transport IS NOT NULL AND src IS NOT NULL AND dst IS NOT NULL";

/**
 * What stays the same while a packet passes bridges, routers and tunnels. A checksum of TCP may be filled in on the way, so it is left out
 * where the rest tells one segment from another; elsewhere it stands for the content. Of fragments only some show what is in them.
 */
const whole =
  "src, dst, src_port, dst_port, transport, ip_id, ip_len_bytes, tcp_seq_raw, tcp_ack_raw, tcp_len_bytes, udp_len_bytes, tcp_flags, " +
  "tcp_window_bytes, tcp_tsval, tcp_tsecr, sack_le, icmp_type, icmp_id, icmp_seq, quoted_src, sequence, dns_id, " +
  "CASE WHEN transport = 'tcp' THEN NULL ELSE checksum END";

/** A number for what a packet holds. */
export const content = `CASE WHEN fragment
  THEN hash(coalesce(outer_src, src), coalesce(outer_dst, dst), fragment_id, fragment_offset_bytes, ip_len_bytes) ELSE hash(${whole}) END`;
