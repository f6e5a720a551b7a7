/** A packet passes two points of capture within this time; resending it takes longer, or gives it another identification. */
const copyNs = 100_000_000;
/** Without an identification only a copy at the same place comes this fast. */
const instantNs = 100_000;

/** What stays the same while a packet passes bridges, routers and tunnels. Of fragments only some show what is in them. */
const whole =
  "src, dst, src_port, dst_port, transport, ip_id, tcp_seq_raw, tcp_ack, tcp_len_bytes, udp_len_bytes, tcp_flags, " +
  "tcp_window_bytes, tcp_tsval, tcp_tsecr, sack_le, icmp_type, icmp_id, icmp_seq, quoted_src, sequence, dns_id";

const content = `CASE WHEN fragment
  THEN hash(coalesce(outer_src, src), coalesce(outer_dst, dst), fragment_id, fragment_offset_bytes) ELSE hash(${whole}) END`;

/** What tells one point of capture from another. */
const place = "interface, cooked_interface, cooked_direction, eth_src, eth_dst, vlan, ttl, tunnel";

/**
 * Packets that the capture has a second time: seen at two points (two devices under `any`, both sides of a bridge or router, inside
 * and outside a tunnel), or mirrored twice.
 *
 * An IPv4 identification makes a packet its own: the same one again within 100 ms is a copy. Without it (zero, IPv6) equal packets
 * can be two of a kind, such as duplicate acks: there the n-th at one place is a copy of the n-th at another, if checksums are equal; at the
 * same place only what comes again at once, with payload, or at the very same time, is.
 */
export const copiesSql = `
  WITH hashed AS (SELECT frame, ${content} AS content FROM packets WHERE src IS NOT NULL),
  repeated AS (SELECT content FROM hashed GROUP BY content HAVING count(*) > 1),
  candidates AS (SELECT frame, content FROM hashed SEMI JOIN repeated USING (content)),
  seen AS (
    SELECT candidates.content, frame, time_ns, coalesce(CASE WHEN fragment THEN fragment_id ELSE ip_id END, 0) <> 0 AS identified, checksum,
      coalesce(tcp_len_bytes, udp_len_bytes, 0) > 0 AS loaded, hash(${place}) AS place
    FROM candidates JOIN packets USING (frame)
  ),
  here AS (
    SELECT *, time_ns - lag(time_ns) OVER same AS since_ns,
      CASE WHEN NOT identified THEN checksum END AS kind,
      row_number() OVER same AS number
    FROM seen
    WINDOW same AS (PARTITION BY content, place, CASE WHEN NOT identified THEN checksum END ORDER BY frame)
  ),
  told AS (
    SELECT frame,
      CASE
        WHEN identified THEN time_ns - lag(time_ns) OVER (PARTITION BY content ORDER BY frame) <= ${copyNs}
        WHEN checksum IS NULL THEN false
        ELSE since_ns = 0 OR (loaded AND since_ns <= ${instantNs})
          OR time_ns - lag(time_ns) OVER (PARTITION BY content, kind, number ORDER BY frame) <= ${copyNs}
      END AS copy
    FROM here
  )
  SELECT frame FROM told WHERE copy`;
