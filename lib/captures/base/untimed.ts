/** A packet this far from the ones before and after it, which are near each other, has a time that can't be. */
const farNs = 86_400_000_000_000;
/** Of fewer packets none can be told from the others, and all may well have come at one time. */
const leastPackets = 5;

/** Packets whose times can't be: a clock that wasn't set yet, a damaged record; all of them where the file has no times. */
export const untimedSql = (packets: string) => `
  WITH span AS (
    SELECT max(time_ns) - min(time_ns) > ${farNs} AND count(*) >= ${leastPackets} AS wide,
      max(time_ns) = min(time_ns) AND count(*) >= ${leastPackets} AS timeless
    FROM ${packets}),
  neighbours AS (
    SELECT frame, time_ns, lag(time_ns) OVER file AS before, lead(time_ns) OVER file AS after
    FROM ${packets} WHERE time_ns IS NOT NULL AND (SELECT wide FROM span) WINDOW file AS (ORDER BY frame))
  SELECT frame FROM ${packets} WHERE time_ns IS NULL OR (SELECT timeless FROM span)
  UNION ALL
  SELECT frame FROM neighbours
  WHERE coalesce(abs(time_ns - before) > ${farNs}, true) AND coalesce(abs(time_ns - after) > ${farNs}, true)
    AND coalesce(abs(after - before) <= ${farNs}, true)`;
