import {
  countersOf,
  fragmentsView,
  type Join,
  type Limits,
  missing,
  orderedView,
  withRelations,
} from "./limits.js";

/**
 * Packets that stand for themselves. Those of one key that came in within the timeout of each other are a burst. What goes out belongs
 * to the latest of the burst that came in before it. Where that does not leave each with one, the others go to those that have none, in
 * their order: then how many got lost is known, and which ones isn't. What then has not gone out may have been cut up: its pieces are the segments
 * that lie inside it and have its acknowledgement and, with IPv4, the identifications that the kernel counts on from its own.
 */
export function packetPaths(limits: Limits): Join {
  const key =
    "concat_ws('|', way, src, src_port, dst, dst_port, coalesce(ip_id, -1), coalesce(seq, -1), coalesce(ack, -1), payload_bytes)";
  const offset = "((piece.seq - packet.seq + 4294967296) % 4294967296)";
  const relations = {
    ordered: orderedView,
    fragments: fragmentsView(limits),
    heads: `SELECT *, ${key} AS key FROM ordered WHERE fragment_offset_bytes = 0`,
    gaps: `
      SELECT *, coalesce(time_ns - lag(time_ns) OVER (PARTITION BY key ORDER BY place) > ${limits.timeoutNs}, true)::INTEGER AS begins
      FROM heads WHERE comes_in`,
    ins: "SELECT *, key || '|' || sum(begins) OVER (PARTITION BY key ORDER BY place) AS burst FROM gaps",
    nearest: `
      SELECT heads.place, heads.time_ns, heads.device, ins.burst, ins.place AS packet,
        row_number() OVER (PARTITION BY ins.place ORDER BY heads.place) AS nth
      FROM (FROM heads WHERE NOT comes_in) heads ASOF LEFT JOIN ins ON heads.key = ins.key AND heads.place > ins.place`,
    own: "FROM nearest WHERE packet IS NOT NULL AND nth = 1",
    surplus: `
      SELECT *, row_number() OVER (PARTITION BY burst ORDER BY place) AS rank FROM nearest WHERE packet IS NOT NULL AND nth > 1`,
    waiting: `
      SELECT place, burst, row_number() OVER (PARTITION BY burst ORDER BY place) AS rank
      FROM ins WHERE place NOT IN (SELECT packet FROM own)`,
    shared: `
      SELECT surplus.place, surplus.time_ns, surplus.device, waiting.place AS packet
      FROM surplus JOIN waiting USING (burst, rank) WHERE surplus.place > waiting.place`,
    known:
      "SELECT place, packet, time_ns, device FROM own UNION ALL SELECT place, packet, time_ns, device FROM shared",
    unsure: `
      SELECT ins.burst FROM ins LEFT JOIN own ON own.packet = ins.place
      GROUP BY ins.burst HAVING count(*) > 1 AND (count(own.place) < count(*) OR ins.burst IN (SELECT burst FROM surplus))`,
    cut: `
      SELECT packet.place AS packet, piece.place, piece.time_ns, piece.device, piece.payload_bytes, piece.seq
      FROM ins packet JOIN heads piece ON NOT piece.comes_in AND packet.way = piece.way AND packet.src = piece.src AND packet.dst = piece.dst
        AND packet.src_port = piece.src_port AND packet.dst_port = piece.dst_port AND packet.ack = piece.ack AND piece.place > packet.place
        AND piece.time_ns - packet.time_ns <= ${limits.timeoutNs}
        AND piece.payload_bytes > 0 AND ${offset} < packet.payload_bytes
        AND (packet.ip_id IS NULL OR (piece.ip_id - packet.ip_id + 65536) % 65536 < packet.segments)
      WHERE packet.segments > 1 AND packet.place NOT IN (SELECT packet FROM known) AND piece.place NOT IN (SELECT place FROM known)`,
    pieces: `
      SELECT packet, count(*) AS pieces, sum(payload_bytes) AS bytes, min(time_ns) AS time_ns, arg_min(device, place) AS device
      FROM (SELECT packet, seq, max(payload_bytes) AS payload_bytes, min(time_ns) AS time_ns, min(place) AS place, arg_min(device, place) AS device
        FROM cut GROUP BY packet, seq) GROUP BY packet`,
    ways: `
      SELECT ins.*, known.time_ns AS out_ns, known.device AS out_device, ins.burst IN (FROM unsure) AS ambiguous,
        pieces.pieces, pieces.bytes, pieces.time_ns AS piece_ns, pieces.device AS piece_device,
        coalesce(later_in, 0) AS later_in, coalesce(later_out, 0) AS later_out
      FROM ins LEFT JOIN known ON known.packet = ins.place LEFT JOIN pieces ON pieces.packet = ins.place
        LEFT JOIN fragments ON fragments.place = ins.place`,
  };
  const status = `
    CASE WHEN pieces IS NOT NULL THEN CASE WHEN bytes >= payload_bytes THEN 'complete' ELSE ${missing("partial segments", "time_ns", limits)} END
      WHEN out_ns IS NULL AND later_out = 0 THEN ${missing("lost inside", "time_ns", limits)}
      WHEN out_ns IS NULL OR later_out < later_in THEN ${missing("partial fragments", "time_ns", limits)}
      ELSE 'complete' END`;
  return {
    paths: withRelations(
      relations,
      `
      SELECT time_ns, way, ${status} AS status, src, src_port, dst, dst_port, protocol, ip_id, seq, NULL AS echo_id, NULL AS echo_seq,
        payload_bytes, segments, 1 + later_in AS pieces_in, coalesce(pieces, CASE WHEN out_ns IS NULL THEN 0 ELSE 1 END + later_out) AS pieces_out,
        device AS in_device, coalesce(out_device, piece_device) AS out_device,
        CASE WHEN NOT ambiguous THEN coalesce(out_ns, piece_ns) - time_ns END AS inside_ns,
        NULL AS outside_ns, NULL AS reply_inside_ns, NULL AS total_ns, ambiguous
      FROM ways ORDER BY place`,
    ),
    counters: withRelations(
      relations,
      countersOf(`
      SELECT count(*) FROM heads WHERE NOT comes_in AND place NOT IN (SELECT place FROM known) AND place NOT IN (SELECT place FROM cut)`),
    ),
  };
}
