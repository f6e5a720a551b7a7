import { type Rules, rule } from "../../../findings/index.js";
import { callOf, doubtsAbout, type Subject } from "../../subject/index.js";
import { dhcpExchanges, wanting } from "../dhcp.js";

/** A client that is refused what it had before asks anew within 10 s (RFC 2131, 3.2 and 4.4.1); the rest is for the answer. */
const anewNs = 60_000_000_000;

/**
 * DHCPv6 of a relay has the relay's MAC address, which stands for many clients, so it tells nothing of one; that of DHCPv4 is the client's, which renews
 * without the relay and asks anew through it.
 */
const settled = async ({ capture, filter }: Subject) => {
  const exchanges = await dhcpExchanges(capture, filter);
  return exchanges.query(`
    SELECT asked.*, asked.outcome = 'refused' AND (asked.version = 4 OR NOT asked.relayed) AND EXISTS (
        SELECT 1 FROM this later
        WHERE later.outcome = 'granted' AND (asked.version = 4 OR NOT later.relayed) AND later.vlan IS NOT DISTINCT FROM asked.vlan
          AND later.tunnel_id IS NOT DISTINCT FROM asked.tunnel_id AND later.client_mac = asked.client_mac AND later.version = asked.version
          AND later.start_ns BETWEEN asked.start_ns AND asked.start_ns + ${anewNs}) AS granted_later
    FROM this asked`);
};

/** An address is wanted: an inform, a lease query, a release want none. What a relay forwards may. */
const wants = `(^| )(${[...wanting, "relay-forward"].join("|")})( |$)`;

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
      ["MEDIUM", `outcome = 'open' AND repeats > ${more} AND regexp_matches(messages, '${wants}')`],
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
    ],
    measure: "repeats",
    doubts: doubtsAbout("absence", "repetition"),
    says: (row) =>
      `${row.client_mac}: ${row.outcome === "refused" ? "refused" : "no answer that settles it"} (${row.messages})`,
    causes: [
      "no server or relay in this network, or its answer is filtered",
      "the pool is empty, or the address belongs to another network",
    ],
    advice: ["capture at the server or relay; see whether VLAN and relay address are right"],
    verify: () => callOf("dhcpExchanges"),
  }),
} satisfies Rules<Subject>;
