/** Fewer packets may well have come at one time. */
const leastPackets = 5;

/** How many packets have a time that can't be: all of them where the file has no times. One row. */
export const clockSql = `
  SELECT count(*) AS packets,
    CASE WHEN count(*) >= ${leastPackets} AND min(time_ns) = max(time_ns) THEN count(*)
      ELSE count(*) FILTER (frame IN (SELECT frame FROM untimed)) END AS impossible
  FROM packets`;
