import { content, owned } from "./content.js";

/** More places than these aren't compared with each other: each is a conversation of its own. */
const mostPlaces = 64;
/** Packets of a place that are looked at for packets of another one. */
const compared = 100;
/** How far apart two parts of one connection's sequence numbers may lie; those of two connections begin anywhere in 2^32. */
const slackBytes = 2 ** 20;
const space = "4294967296";

/** Whether the sender of a packet is the lower one of the two ends. */
export const forward = "(src, coalesce(src_port, 0)) <= (dst, coalesce(dst_port, 0))";

const number = (...parts: string[]) => `CAST(hash(${parts.join(", ")}) >> 1 AS BIGINT)`;

/** A number for a pair of ends: of a packet, or (`quoted_`) of the one that it quotes. */
export const pairOf = (prefix: "" | "quoted_" = "") => {
  const end = (side: "src" | "dst") => `hash(${prefix}${side}, coalesce(${prefix}${side}_port, 0))`;
  const id = prefix === "" ? "icmp_id" : "quoted_icmp_id";
  return number(
    `${prefix}transport`,
    `least(${end("src")}, ${end("dst")})`,
    `greatest(${end("src")}, ${end("dst")})`,
    id,
  );
};

/** A number for the network that a packet was seen in, and the interface that it was seen on. */
export const placeOf = number(
  ...["vlan", "tunnel", "tunnel_id", "least(outer_src, outer_dst)", "greatest(outer_src, outer_dst)"],
  ...["interface", "cooked_interface"],
);

/** What tells the network of a packet from others; a GRE key, an MPLS label or a TEID doesn't: it may differ by direction. */
export const ownLabel =
  "CASE WHEN tunnel_id IS NOT NULL AND NOT regexp_matches(protocols, ':(gre|mpls|gtp)(:|$)') THEN tunnel_id END";

/** Two stretches of sequence numbers that meet; null where one of them is unknown. */
const meet = (one: string, other: string) => {
  const from = (a: string, b: string) => `(${a} - ${b} + 2 * ${space}) % ${space}`;
  const length = (side: string) => {
    const span = from(`${side}_last`, `${side}_first`);
    return `(CASE WHEN ${span} < ${space} // 2 THEN ${span} ELSE 0 END + ${slackBytes})`;
  };
  return `(${from(`${other}_first`, `${one}_first`)} <= ${length(one)} OR ${from(`${one}_first`, `${other}_first`)} <= ${length(other)})`;
};

const acknowledged = (one: string, other: string, here: string, there: string) =>
  meet(`${one}.${here}_ack`, `${other}.${there}_seq`);

/** What can be held against each other must fit, and something must be there to be held. */
const fits = (...tests: string[]) =>
  `(coalesce(${tests.map((test) => `${test}`).join(", ")}) IS NOT NULL AND ${tests.map((test) => `coalesce(${test}, true)`).join(" AND ")})`;

const sameTcp = fits(
  meet("one.up_seq", "other.up_seq"),
  meet("one.down_seq", "other.down_seq"),
  acknowledged("one", "other", "up", "down"),
  acknowledged("one", "other", "down", "up"),
  acknowledged("other", "one", "up", "down"),
  acknowledged("other", "one", "down", "up"),
);

const bothWays = (side: string) => `(${side}.up > 0 AND ${side}.down > 0)`;
const complementary = `(one.down = 0 AND other.up = 0 OR one.up = 0 AND other.down = 0)`;

/** One ends where the other one begins, as where a virtual machine moves to another VLAN. */
const moves = "(one.last_frame < other.frame OR other.last_frame < one.frame)";

/**
 * Whether two places carry one conversation, of which each has a part: a direction (VLANs or keys that differ by direction, a bond), or
 * some of the packets (several paths, one after the other). Another network with both directions of its own at the same time is another conversation,
 * whatever its addresses.
 */
const parts = `
  CASE
    WHEN one.transport = 'tcp' THEN
      NOT (one.up_syn AND other.up_syn OR one.down_syn AND other.down_syn)
        AND NOT (one.network <> other.network AND ${bothWays("one")} AND ${bothWays("other")} AND NOT ${moves}) AND ${sameTcp}
    WHEN ${complementary} THEN true
    ELSE one.network = other.network AND NOT ${bothWays("one")} AND NOT ${bothWays("other")} END`;

/** A copy in another network has passed a router; where one of the two has no tag or tunnel, or another interface saw it, a bridge will do. */
const moved = `
  a.network = b.network OR a.ttl <> b.ttl OR a.on_interface <> b.on_interface
    OR (a.vlan IS NULL) <> (b.vlan IS NULL) OR (a.tunnel_id IS NULL) <> (b.tunnel_id IS NULL)`;

/** A pair of ends that was seen at several places, if there is one: mostly there is none. */
export const severalPlacesSql = `
  SELECT pair FROM (SELECT DISTINCT ${pairOf()} AS pair, ${placeOf} AS place FROM packets WHERE ${owned})
  GROUP BY pair HAVING count(*) > 1 LIMIT 1`;

const stretch = (name: string, value: string, when: string) => `
  arg_min(${value}, frame) FILTER (${when}) AS ${name}_first, arg_max(${value}, frame) FILTER (${when}) AS ${name}_last`;

/**
 * Pairs of ends that were seen at several places: which of those places belong together. Nothing of pairs that were seen at one.
 *
 * The places of one conversation are those that have packets of each other, and those of which each has a part of it.
 */
export const placesSql = `
  WITH located AS (
    SELECT packets.*, ${pairOf()} AS pair, ${placeOf} AS place, ${forward} AS up, ${ownLabel} AS own_label,
      hash(vlan, tunnel, tunnel_id) AS network, hash(interface, cooked_interface) AS on_interface
    FROM packets WHERE ${owned}),
  found AS (SELECT pair, place FROM located GROUP BY pair, place),
  several AS (SELECT pair, count(*) AS places FROM found GROUP BY pair HAVING count(*) > 1),
  concerned AS MATERIALIZED (
    SELECT located.*, places, contains(tcp_flags, 'SYN') AS syn, contains(tcp_flags, 'ACK') AS ack, contains(tcp_flags, 'RST') AS rst,
      ${content} AS content
    FROM located JOIN several USING (pair)),
  parts AS MATERIALIZED (
    SELECT pair, place, any_value(places) AS places, any_value(transport) AS transport, any_value(network) AS network, min(frame) AS frame, max(frame) AS last_frame,
      any_value(vlan) AS vlan, any_value(own_label) AS own_label, any_value(tunnel_id) AS tunnel_id,
      coalesce(any_value(interface), any_value(cooked_interface)) AS interface,
      count(*) FILTER (up) AS up, count(*) FILTER (NOT up) AS down,
      coalesce(bool_or(syn AND up), false) AS up_syn, coalesce(bool_or(syn AND NOT up), false) AS down_syn,
      ${stretch("up_seq", "tcp_seq_raw", "up AND NOT rst")}, ${stretch("down_seq", "tcp_seq_raw", "NOT up AND NOT rst")},
      ${stretch("up_ack", "tcp_ack_raw", "up AND ack AND NOT rst")}, ${stretch("down_ack", "tcp_ack_raw", "NOT up AND ack AND NOT rst")}
    FROM concerned GROUP BY pair, place),
  first_packets AS (
    SELECT pair, place, content, ttl, network, on_interface, vlan, tunnel_id FROM concerned WHERE places <= ${mostPlaces}
    QUALIFY row_number() OVER (PARTITION BY pair, place ORDER BY frame) <= ${compared}),
  edges AS MATERIALIZED (
    SELECT DISTINCT a.pair, a.place AS one, b.place AS other
    FROM first_packets a JOIN first_packets b ON a.pair = b.pair AND a.content = b.content AND a.place <> b.place WHERE ${moved}
    UNION
    SELECT one.pair, unnest([one.place, other.place]), unnest([other.place, one.place])
    FROM parts one JOIN parts other ON one.pair = other.pair AND one.place < other.place
    WHERE one.places <= ${mostPlaces} AND ${parts}),
  reached AS (
    WITH RECURSIVE reach AS (
      SELECT pair, place AS root, place FROM parts
      UNION
      SELECT reach.pair, root, other FROM reach JOIN edges ON edges.pair = reach.pair AND edges.one = reach.place)
    SELECT pair, place, min(root) AS member FROM reach GROUP BY pair, place),
  named AS (
    SELECT pair, member, min(frame) AS frame,
      CASE WHEN count(DISTINCT coalesce(own_label, '')) = 1 THEN any_value(own_label) END AS common,
      arg_min(tunnel_id, frame) AS tunnel_id, arg_min(vlan, frame) AS vlan, arg_min(interface, frame) AS interface
    FROM parts JOIN reached USING (pair, place) GROUP BY pair, member),
  told AS (
    SELECT *, count(*) OVER (PARTITION BY pair) AS members,
      nullif(concat_ws(' ', tunnel_id, 'vlan ' || vlan), '') AS label FROM named),
  labelled AS (
    SELECT *, CASE WHEN count(*) OVER (PARTITION BY pair, label) > 1 THEN nullif(concat_ws(' ', label, 'interface ' || interface), '') ELSE label END AS longer
    FROM told),
  distinct_labels AS (
    SELECT *, row_number() OVER (PARTITION BY pair, longer ORDER BY frame) AS number FROM labelled)
  SELECT pair, place, member, CAST(members AS INTEGER) AS members,
    CASE WHEN members = 1 THEN common ELSE nullif(concat_ws(' ', longer, CASE WHEN number > 1 THEN '#' || number END), '') END AS label
  FROM reached JOIN distinct_labels USING (pair, member)`;
