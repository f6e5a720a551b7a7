import { owned } from "./content.js";
import { forward, ownLabel, pairOf, placeOf } from "./places.js";

const number = (...parts: string[]) => `CAST(hash(${parts.join(", ")}) >> 1 AS BIGINT)`;

/** The number of a conversation that was seen in one network. */
const alone = (prefix: "" | "quoted_", pair: string, label: string) => `
  CASE ${prefix}transport
    WHEN 'tcp' THEN ${number("'tcp'", `${prefix}tcp_stream`, label)}
    WHEN 'udp' THEN ${number("'udp'", `${prefix}udp_stream`, label)}
    ELSE ${number(pair, label)} END`;

/**
 * Of each packet the number of its conversation and of the one that it quotes, in the order of the packets. Where one pair of ends has a
 * conversation in each of several networks, tshark takes them for one: there a SYN with another number begins a new one.
 */
export const ownersSql = `
  WITH located AS (
    SELECT *, CASE WHEN ${owned} THEN ${pairOf()} END AS pair, ${placeOf} AS place,
      CASE WHEN quoted_transport IS NOT NULL THEN ${pairOf("quoted_")} END AS quoted_pair
    FROM packets),
  members AS (SELECT pair, any_value(members) AS members, any_value(label) AS label FROM places GROUP BY pair),
  joined AS (
    SELECT located.*, places.member, places.members, CASE WHEN places.members IS NULL THEN ${ownLabel} ELSE places.label END AS label,
      CASE WHEN quoted.members IS NULL THEN ${ownLabel} ELSE quoted.label END AS quoted_label, quoted.members AS quoted_members,
      quoted_place.member AS quoted_member
    FROM located LEFT JOIN places ON places.pair = located.pair AND places.place = located.place
      LEFT JOIN members quoted ON quoted.pair = quoted_pair
      LEFT JOIN places quoted_place ON quoted_place.pair = quoted_pair AND quoted_place.place = located.place),
  openings AS (
    SELECT frame, pair, member, tcp_seq_raw, ${forward} AS up, contains(tcp_flags, 'SYN') AND NOT contains(tcp_flags, 'ACK') AS opens
    FROM joined WHERE members > 1 AND transport = 'tcp'),
  compared AS (
    SELECT *, lag(tcp_seq_raw) OVER (PARTITION BY pair, member, up, opens ORDER BY frame) AS before,
      count(CASE WHEN opens THEN 1 END) OVER (PARTITION BY pair, member ORDER BY frame) AS opened,
      row_number() OVER (PARTITION BY pair, member ORDER BY frame) AS place_in_member
    FROM openings),
  turns AS (
    SELECT frame, count(CASE WHEN opens AND (before <> tcp_seq_raw OR opened = 1 AND place_in_member > 1) THEN 1 END)
      OVER (PARTITION BY pair, member ORDER BY frame) AS turn
    FROM compared)
  SELECT frame,
    CASE WHEN pair IS NULL THEN NULL WHEN members > 1 THEN ${number("pair", "member", "coalesce(turn, 0)")}
      ELSE ${alone("", "pair", "label")} END AS owner,
    CASE WHEN quoted_pair IS NULL THEN NULL WHEN quoted_members > 1 THEN ${number("quoted_pair", "quoted_member", "0")}
      ELSE ${alone("quoted_", "quoted_pair", "quoted_label")} END AS about,
    CASE WHEN members > 1 THEN nullif(concat_ws(' ', label, CASE WHEN turn > 0 THEN '#' || (turn + 1) END), '') ELSE label END AS label,
    pair, member
  FROM joined LEFT JOIN turns USING (frame) ORDER BY frame`;

/** The same where all pairs of ends were seen at one place each: in the order of the file by itself. */
export const ownersAtOnePlaceSql = `
  WITH located AS (
    SELECT *, CASE WHEN ${owned} THEN ${pairOf()} END AS pair,
      CASE WHEN quoted_transport IS NOT NULL THEN ${pairOf("quoted_")} END AS quoted_pair, ${ownLabel} AS label
    FROM packets)
  SELECT frame, CASE WHEN pair IS NOT NULL THEN ${alone("", "pair", "label")} END AS owner,
    CASE WHEN quoted_pair IS NOT NULL THEN ${alone("quoted_", "quoted_pair", "label")} END AS about, label, pair, NULL AS member
  FROM located`;
