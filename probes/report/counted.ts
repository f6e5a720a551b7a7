import { lossyPlaces, unnamedAt } from "../drop/index.js";

/** What a protocol counts where it drops: each count's counters, as hostCounters has them. */
interface Counted {
  /** SQL on a row of drops that has no reason. */
  when: string;
  counters: { readonly [count: string]: readonly string[] };
  /** Counters of what these count besides. */
  without?: readonly string[];
}

const checksum = ["UdpInCsumErrors", "Udp6InCsumErrors"];
const groups: readonly Counted[] = [
  {
    when: unnamedAt(...lossyPlaces.udpLookup),
    counters: { "no port": ["UdpNoPorts", "Udp6NoPorts"], checksum },
  },
  {
    when: unnamedAt(...lossyPlaces.udpQueue),
    counters: { "buffer full": ["UdpRcvbufErrors", "Udp6RcvbufErrors"], checksum },
  },
  {
    when: "rule = 'TCP_OPEN'",
    counters: { refused: ["TcpOutRsts"], checksum: ["TcpInCsumErrors"] },
    // Connections that were aborted send a reset, too (tcp_send_active_reset).
    without: ["Data", "Close", "Memory", "Timeout", "Linger"].map((why) => `TcpExtTCPAbortOn${why}`),
  },
  { when: "rule IN ('TCP_DATA', 'TCP_REFUSED', 'TCP_UNTOLD')", counters: { checksum: ["TcpInCsumErrors"] } },
];

/** In SQL: what counters grew by, in the namespace of the row; in all of them, where that is unknown. */
const grown = (names: readonly string[]) =>
  `(SELECT coalesce(sum(counters.change), 0) FROM counters WHERE coalesce(counters.netns = summed.netns, true)
    AND counters."counter" IN (${names.map((name) => `'${name}'`).join(", ")}))`;
const counts = ({ counters, without = [] }: Counted) => {
  const less = without.length === 0 ? "" : ` - ${grown(without)}`;
  return Object.entries(counters).map(
    ([count, names]) => `WHEN ${grown(names)}${less} >= together / 2 THEN '${count}'`,
  );
};

/**
 * In SQL over `drops` and counters, for kernels that give no reason: each row with what its protocol counted meanwhile (`counted`), where that is at least half of
 * what was dropped there without a reason in the same network namespace.
 */
export const explainedSql = `
  SELECT * EXCLUDE ("group", together), CASE "group" ${groups.map((one, at) => `WHEN ${at} THEN CASE ${counts(one).join(" ")} END`).join(" ")} END AS counted
  FROM (
    SELECT *, sum(drops) OVER (PARTITION BY "group", netns) AS together
    FROM (SELECT *, CASE WHEN kind = 'normal' THEN NULL ${groups.map(({ when }, at) => `WHEN ${when} THEN ${at}`).join(" ")} END AS "group" FROM drops)
  ) AS summed`;
