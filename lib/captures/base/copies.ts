import { content } from "./content.js";

/** A packet passes two points of capture within this time; resending it takes longer, or gives it another identification. */
const copyNs = 100_000_000;
/** No TCP sends the same data again this fast; only a copy at the same place comes so. */
const instantNs = 100_000;
/** Times that are all multiples of this can't tell how fast a packet came. */
const coarseNs = 1_000_000;
/** So many packets that come again at another place, all as much later, show that the two places have different clocks. */
const leastShifted = 5;
/** An identification that comes again more often than this, in packets of one sender and place, isn't one. */
const mostUses = 8;
/** Of fewer identifications of a conversation nothing is known; the sender's others tell then. */
const leastIds = 3;

/** What tells one point of capture from another. */
const point = "interface, cooked_interface, cooked_direction, eth_src, eth_dst, vlan, tunnel, tunnel_id";
const place = `${point}, ttl`;

/**
 * Packets that the capture has a second time: seen at two points (two devices under `any`, both sides of a bridge or router, inside
 * and outside a tunnel), or mirrored twice.
 *
 * Places whose clocks differ, as those of two hosts whose captures were put together, are told by that difference, which all packets share.
 *
 * That takes two things: the same content (all that is known of it, its length and a checksum or sequence number among it), and a reason why it
 * is there again: another place within 100 ms, or the same place faster than its sender could have sent it again. An IPv4 identification, where its sender
 * changes it from packet to packet, makes a packet its own: the same one again is a copy. Without it equal packets can be two of a kind, such as
 * duplicate acks: there the n-th at one place is a copy of the n-th at another, and what comes again at the very same time is one where data between
 * the same two hosts does.
 *
 * What has no ports, and so no conversation (fragments, routing protocols), is another tenant's in another network with the same TTL, both
 * tagged or both in a tunnel.
 *
 * What passes one point, between the same two MAC addresses, with another TTL goes in a circle: it is no copy.
 *
 * What came again without such a proof is possibly a copy.
 */
export const copiesSql = `
  WITH hashed AS (
    SELECT packets.frame, hash(${content}, member) AS content FROM packets POSITIONAL JOIN owners WHERE src IS NOT NULL),
  repeated AS (SELECT content FROM hashed GROUP BY content HAVING count(*) > 1),
  alike AS MATERIALIZED (SELECT frame, content FROM hashed SEMI JOIN repeated USING (content)),
  lanes AS (
    SELECT frame, dense_rank() OVER (PARTITION BY content, ttl, shape ORDER BY first_frame) AS lane FROM (
      SELECT frame, content, ttl, shape, min(frame) OVER (PARTITION BY content, ttl, shape, hash(vlan, tunnel, tunnel_id)) AS first_frame
      FROM (
        SELECT packets.frame, content, ttl, vlan, tunnel, tunnel_id,
          hash(vlan IS NULL, tunnel_id IS NULL, interface, cooked_interface) AS shape
        FROM alike JOIN packets USING (frame) WHERE transport IS NULL OR fragment))),
  candidates AS MATERIALIZED (
    SELECT frame, CASE WHEN lane > 1 THEN hash(content, lane) ELSE content END AS content FROM alike LEFT JOIN lanes USING (frame)),
  clock AS (
    SELECT min(time_ns) <> max(time_ns) AS known, NOT bool_and(time_ns % ${coarseNs} = 0) AS fine FROM packets),
  seen AS MATERIALIZED (
    SELECT candidates.content, frame, CASE WHEN known THEN time_ns END AS time_ns, fine, transport, checksum, src, dst, src_port, dst_port,
      fragment, CASE WHEN fragment THEN fragment_id ELSE ip_id END AS id,
      CASE WHEN fragment THEN true WHEN transport = 'tcp' THEN tcp_seq_raw IS NOT NULL ELSE coalesce(checksum, 0) <> 0 OR sequence IS NOT NULL END AS told,
      CASE WHEN transport = 'tcp' THEN coalesce(tcp_len_bytes, 0) > 0 OR contains(tcp_flags, 'SYN') OR contains(tcp_flags, 'FIN') ELSE true END AS loaded,
      CASE WHEN transport = 'tcp' AND checksum_status = 'good' THEN checksum END AS right_checksum,
      hash(${place}) AS place,
      eth_src IS NOT NULL AND min(ttl) OVER passes <> max(ttl) OVER passes AS circles
    FROM candidates JOIN packets USING (frame), clock
    WINDOW passes AS (PARTITION BY candidates.content, ${point})),
  senders AS (SELECT DISTINCT src FROM seen WHERE coalesce(id, 0) <> 0),
  uses AS (
    SELECT src, dst, src_port, dst_port, hash(${place}) AS place, count(*) AS packets, count(DISTINCT ip_id) AS ids
    FROM packets SEMI JOIN senders USING (src) WHERE ip_id <> 0 AND NOT fragment GROUP BY ALL),
  by_sender AS (SELECT src, sum(packets) AS packets, sum(ids) AS ids FROM uses GROUP BY src),
  identifying AS (
    SELECT uses.*, CASE WHEN uses.ids > 1 THEN ${mostUses} * uses.ids >= least(uses.packets, 65536)
      ELSE uses.packets <= ${mostUses} AND by_sender.ids >= ${leastIds} AND ${mostUses} * by_sender.ids >= least(by_sender.packets, 65536) END AS own
    FROM uses JOIN by_sender USING (src)),
  placed AS (
    SELECT seen.*, coalesce(fragment AND id <> 0 OR own AND id <> 0, false) AS identified
    FROM seen LEFT JOIN identifying ON seen.src = identifying.src AND seen.dst = identifying.dst
      AND seen.src_port IS NOT DISTINCT FROM identifying.src_port AND seen.dst_port IS NOT DISTINCT FROM identifying.dst_port
      AND seen.place = identifying.place),
  here AS (
    SELECT *, time_ns - lag(time_ns) OVER same AS since_ns, lag(frame) OVER same IS NOT NULL AS again,
      lag(right_checksum) OVER same <> right_checksum AS differs, row_number() OVER same AS number
    FROM placed WINDOW same AS (PARTITION BY content, place ORDER BY frame)),
  elsewhere AS (
    SELECT *, time_ns - lag(time_ns) OVER nth AS there_ns, lag(place) OVER nth IS DISTINCT FROM place AS moved, lag(place) OVER nth AS there,
      time_ns - lag(time_ns) OVER any_place AS before_ns, lag(place) OVER any_place IS DISTINCT FROM place AS moved_before,
      row_number() OVER any_place > 1 AS later
    FROM here
    WINDOW nth AS (PARTITION BY content, number ORDER BY frame), any_place AS (PARTITION BY content ORDER BY frame)),
  shifts AS (
    SELECT there, place, quantile_disc(there_ns, 0.5) AS shift_ns FROM elsewhere WHERE moved AND told GROUP BY ALL
    HAVING count(there_ns) FILTER (number = 1) >= ${leastShifted} AND 2 * count(there_ns) FILTER (number = 1) >= count(there_ns)
      AND quantile_disc(there_ns, 0.9) - quantile_disc(there_ns, 0.1) <= ${copyNs}),
  judged AS (
    SELECT frame, least(src, dst) AS one, greatest(src, dst) AS other, again AND since_ns = 0 AND fine AND told AS at_once,
      coalesce(CASE
        WHEN circles THEN false
        WHEN told AND moved AND abs(there_ns - shift_ns) <= ${copyNs} THEN true
        WHEN identified AND moved_before THEN before_ns <= ${copyNs}
        WHEN told AND moved AND there_ns <= ${copyNs} THEN true
        WHEN NOT again OR coalesce(differs, false) THEN false
        WHEN identified AND told THEN since_ns <= ${copyNs}
        ELSE told AND transport = 'tcp' AND loaded AND fine AND since_ns <= ${instantNs} END, false) AS proved,
      later AND loaded AND coalesce(before_ns <= ${copyNs}, time_ns IS NULL) AS possible
    FROM elsewhere LEFT JOIN shifts USING (there, place)),
  doubled AS (SELECT DISTINCT one, other FROM judged WHERE proved AND at_once)
  SELECT frame, proved OR (at_once AND doubled.one IS NOT NULL) AS proved
  FROM judged LEFT JOIN doubled USING (one, other) WHERE proved OR possible OR (at_once AND doubled.one IS NOT NULL)`;
