import {
  countersOf,
  fragmentsView,
  type Join,
  type Limits,
  missing,
  orderedView,
  withRelations,
} from "./limits.js";

/** Echo requests with their replies. A sighting belongs to the latest request of its key; of several, the first counts. */
export function echoPaths(limits: Limits): Join {
  const key =
    "concat_ws('|', CASE way WHEN 'back' THEN dst ELSE src END, CASE way WHEN 'back' THEN src ELSE dst END, echo_id, echo_seq)";
  const first = (sighting: string, column: string) =>
    `arg_min(${column}, place) FILTER (sighting = '${sighting}')`;
  const relations = {
    ordered: orderedView,
    fragments: fragmentsView(limits),
    heads: `SELECT *, ${key} AS key FROM ordered WHERE fragment_offset_bytes = 0`,
    requests: "SELECT key, place AS request, time_ns AS asked_ns FROM heads WHERE sighting = 'in'",
    steps: `
      SELECT heads.*, request, later_in, later_out
      FROM heads ASOF JOIN requests ON heads.key = requests.key AND heads.place >= requests.request
        LEFT JOIN fragments USING (place)`,
    exchanges: `
      SELECT request,
        ${["in", "out", "back in", "back out"].map((one) => `${first(one, "time_ns")} AS "${one}"`).join(", ")},
        ${["src", "dst", "protocol", "ip_id", "echo_id", "echo_seq", "payload_bytes", "segments"].map((one) => `${first("in", one)} AS ${one}`).join(", ")},
        ${first("in", "device")} AS in_device, ${first("out", "device")} AS out_device,
        1 + coalesce(${first("in", "later_in")}, 0) AS pieces_in,
        coalesce(${first("in", "later_out")}, 0) AS later_out,
        coalesce(${first("back in", "later_in")}, 0) AS reply_in, coalesce(${first("back in", "later_out")}, 0) AS reply_out
      FROM steps GROUP BY request`,
  };
  const status = `
    CASE WHEN "out" IS NULL AND later_out = 0 THEN ${missing("lost inside (request)", '"in"', limits)}
      WHEN "out" IS NULL OR later_out + 1 < pieces_in THEN ${missing("partial fragments", '"in"', limits)}
      WHEN "back in" IS NULL THEN ${missing("lost outside", '"out"', limits)}
      WHEN "back out" IS NULL AND reply_out = 0 THEN ${missing("lost inside (reply)", '"back in"', limits)}
      WHEN "back out" IS NULL OR reply_out < reply_in THEN ${missing("partial fragments", '"back in"', limits)}
      ELSE 'complete' END`;
  return {
    paths: withRelations(
      relations,
      `
      SELECT "in" AS time_ns, 'there' AS way, ${status} AS status, src, NULL AS src_port, dst, NULL AS dst_port, protocol, ip_id,
        NULL AS seq, echo_id, echo_seq, payload_bytes, segments, pieces_in,
        CASE WHEN "out" IS NULL THEN 0 ELSE 1 END + later_out AS pieces_out, in_device, out_device,
        "out" - "in" AS inside_ns, "back in" - "out" AS outside_ns, "back out" - "back in" AS reply_inside_ns, "back out" - "in" AS total_ns,
        false AS ambiguous
      FROM exchanges ORDER BY request`,
    ),
    counters: withRelations(
      relations,
      countersOf("SELECT count(*) FROM heads WHERE place NOT IN (SELECT place FROM steps)"),
    ),
  };
}
