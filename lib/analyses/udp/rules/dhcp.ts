import { type Rules, rule } from "../../../findings/index.js";
import { callOf, doubtsAbout, many, type Subject } from "../../subject/index.js";
import { dhcpExchanges, wanting } from "../dhcp.js";

/** A client that is refused what it had before asks anew within 10 s (RFC 2131, 3.2 and 4.4.1); the rest is for the answer. */
const anewNs = 60_000_000_000;

/** An address is wanted: an inform, a lease query, a release want none. What a relay forwards may. */
const wants = `(^| )(${[...wanting, "relay-forward"].join("|")})( |$)`;

/**
 * DHCPv6 of a relay has the relay's MAC address, which stands for many clients, so it tells nothing of one; that of DHCPv4 is the client's, which renews
 * without the relay and asks anew through it. Some clients begin a new transaction each time they ask again.
 */
const settled = async ({ capture, filter }: Subject) => {
  const exchanges = await dhcpExchanges(capture, filter);
  return exchanges.query(`
    WITH clients AS (
      SELECT *, CASE WHEN version = 4 OR NOT relayed THEN hash(version, client_mac, vlan, tunnel_id) END AS client,
        outcome = 'open' AND regexp_matches(messages, '${wants}') AS waiting
      FROM this),
    tried AS (
      SELECT *, min(start_ns) FILTER (outcome = 'granted') OVER next - start_ns <= ${anewNs} AS granted_soon,
        CASE WHEN waiting AND client IS NOT NULL THEN sum(repeats + 1) FILTER (waiting) OVER meanwhile - 1 ELSE repeats END AS asked_again
      FROM clients
      WINDOW next AS (PARTITION BY client ORDER BY start_ns ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
        meanwhile AS (PARTITION BY client ORDER BY start_ns RANGE BETWEEN ${anewNs} PRECEDING AND ${anewNs} FOLLOWING))
    SELECT * EXCLUDE (client, waiting, granted_soon), coalesce(client IS NOT NULL AND granted_soon, false) AS granted_later FROM tried`);
};

const ends: { [outcome: string]: string } = {
  refused: "refused",
  declined: "the client declined what it got",
  open: "no answer that settles it",
};

/** How addresses are asked for. */
export const dhcpRules = {
  DHCP_FAILED: rule({
    title: "DHCP grants no address",
    category: "connectivity",
    thresholds: {
      more: { value: 1, unit: "packets", meaning: "MEDIUM above so many repetitions without an end" },
    },
    of: settled,
    grades: ({ more }) => [
      ["HIGH", "outcome = 'refused' AND NOT granted_later"],
      [
        "MEDIUM",
        `outcome = 'declined' OR (outcome = 'open' AND asked_again > ${more} AND NOT granted_later AND regexp_matches(messages, '${wants}'))`,
      ],
    ],
    shows: [
      "start_ns",
      "dhcp_id",
      "version",
      "vlan",
      "tunnel_id",
      "client_mac",
      "server",
      "messages",
      "outcome",
      "repeats",
      "asked_again",
    ],
    measure: "asked_again",
    doubts: doubtsAbout("absence", "repetition"),
    says: (row) =>
      `${row.client_mac}: ${ends[String(row.outcome)]} (${row.messages})${Number(row.asked_again) > Number(row.repeats) ? `, asked ${many(Number(row.asked_again) + 1, "time")}` : ""}`,
    causes: [
      "no server or relay in this network, or its answer is filtered",
      "the pool is empty, or the address belongs to another network",
      "an offer that the client doesn't take, and asks again, doesn't reach it",
      "declined: another host has the address already, as the client found out by ARP",
    ],
    advice: ["capture at the server or relay; see whether VLAN and relay address are right"],
    verify: () => callOf("dhcpExchanges"),
  }),
} satisfies Rules<Subject>;
