import { type Rules, rule } from "../../../findings/index.js";
import { callOf, doubtsAbout, type Subject } from "../../subject/index.js";
import { dhcpExchanges } from "../dhcp.js";

/** How addresses are asked for. */
export const dhcpRules = {
  DHCP_FAILED: rule({
    title: "DHCP grants no address",
    category: "connectivity",
    thresholds: {
      more: { value: 1, unit: "packets", meaning: "MEDIUM above so many repetitions without an end" },
    },
    of: ({ capture, filter }: Subject) => dhcpExchanges(capture, filter),
    grades: ({ more }) => [
      ["HIGH", "outcome = 'refused'"],
      ["MEDIUM", `outcome = 'open' AND repeats > ${more}`],
    ],
    shows: ["start_ns", "dhcp_id", "version", "client_mac", "server", "messages", "outcome", "repeats"],
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
