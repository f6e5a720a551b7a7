/** Queues and cores put packets out of order by less: a longer step back in time is the clock's. */
export const stepNs = 1_000_000_000;
/** When the capture began and ended, by the times that can be, and how many packets have another: all of them where the file has no times. */
export const clockSql = `
  SELECT min(time_ns) FILTER (possible) AS begin_ns, max(time_ns) FILTER (possible) AS end_ns, count(*) AS packets,
    count(*) FILTER (NOT possible) AS impossible
  FROM (SELECT time_ns, frame NOT IN (SELECT frame FROM untimed) AS possible FROM packets)`;
