/** What decides what has become of a packet that was not seen again. */
export interface Limits {
  /** After which it is lost. */
  timeoutNs: number;
  /** Until when packets were looked for, in nanoseconds since 1970. */
  ended: bigint;
  /** No sighting got lost: what was not seen wasn't there. */
  sure: boolean;
}

/** How sightings (`seen`) become paths, as queries. */
export interface Join {
  paths: string;
  /** One row of counters: in, out, back_in, back_out, unexpected. */
  counters: string;
}

/** A query on relations, each of which may name the ones before it. They are computed once, since many are named several times. */
export function withRelations(relations: { [name: string]: string }, query: string): string {
  const all = Object.entries(relations).map(([name, sql]) => `${name} AS MATERIALIZED (${sql})`);
  return `WITH ${all.join(", ")} ${query}`;
}

/** SQL for the status of what is missing since `at`. */
export function missing(status: string, at: string, { timeoutNs, ended, sure }: Limits): string {
  const old = sure ? `'${status}'` : "'unknown'";
  return `CASE WHEN ${ended} - ${at} > ${timeoutNs} THEN ${old} ELSE 'unfinished' END`;
}

/** Sightings in the order of their times, each with its way, and what it is a fragment of where it is one. */
export const orderedView = `
  SELECT *, row_number() OVER (ORDER BY time_ns, sighting, device, src_port, ip_id, seq, fragment_offset_bytes, cpu) AS place,
    CASE WHEN sighting LIKE 'back%' THEN 'back' ELSE 'there' END AS way, sighting LIKE '%in' AS comes_in,
    concat_ws('|', sighting LIKE 'back%', src, dst, ip_id) AS whole
  FROM seen`;

/** How many fragments behind the first belong to each of the first ones. */
export function fragmentsView({ timeoutNs }: Limits): string {
  return `
  SELECT head.place,
    count(DISTINCT later.fragment_offset_bytes) FILTER (later.comes_in) AS later_in,
    count(DISTINCT later.fragment_offset_bytes) FILTER (NOT later.comes_in) AS later_out
  FROM ordered head JOIN ordered later ON head.whole = later.whole AND later.fragment_offset_bytes > 0
    AND abs(later.time_ns - head.time_ns) <= ${timeoutNs}
  WHERE head.comes_in AND head.more_fragments AND head.fragment_offset_bytes = 0
  GROUP BY head.place`;
}

/** The counters of sightings, given how many are unexpected. */
export function countersOf(unexpected: string): string {
  const of = (sighting: string) =>
    `count(*) FILTER (sighting = '${sighting}') AS "${sighting.replace(" ", "_")}"`;
  return `SELECT ${["in", "out", "back in", "back out"].map(of).join(", ")}, (${unexpected}) AS unexpected FROM seen`;
}
