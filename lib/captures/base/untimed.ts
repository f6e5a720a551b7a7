/** A packet this far from the ones before and after it, which are near each other, has a time that can't be. */
const farNs = 86_400_000_000_000;
/** Of fewer packets none can be told from the others. */
const leastPackets = 5;

/** Packets whose times can't be: a clock that wasn't set yet, a damaged record. */
export const untimedSql = `
  WITH span AS (SELECT max(time_ns) - min(time_ns) > ${farNs} AND count(*) >= ${leastPackets} AS wide FROM packets),
  neighbours AS (
    SELECT frame, time_ns, lag(time_ns) OVER file AS before, lead(time_ns) OVER file AS after
    FROM packets WHERE time_ns IS NOT NULL AND (SELECT wide FROM span) WINDOW file AS (ORDER BY frame))
  SELECT frame FROM neighbours
  WHERE coalesce(abs(time_ns - before) > ${farNs}, true) AND coalesce(abs(time_ns - after) > ${farNs}, true)
    AND coalesce(abs(after - before) <= ${farNs}, true)`;
