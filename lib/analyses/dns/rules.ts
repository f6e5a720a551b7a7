import { type Rules, rule } from "../../findings/index.js";
import { callOf, callOn, doubtsAbout, many, type Subject, share, took } from "../subject/index.js";
import { dnsQueries } from "./queries.js";
import { dnsServers } from "./servers.js";

const queries = ({ capture, filter }: Subject) => dnsQueries(capture, filter);
const question = [
  "frame",
  "time_ns",
  "flow",
  "client",
  "server",
  "name",
  "type",
  "queries",
  "responses",
  "rcode",
];
const asked = (row: { readonly [column: string]: unknown }) =>
  `${row.client} asked ${row.server} for ${row.name} (${row.type})`;

/** How names are looked up. */
export const dnsRules = {
  DNS_UNANSWERED: rule({
    title: "DNS questions stay without an answer",
    category: "connectivity",
    thresholds: {},
    of: queries,
    grades: () => [
      ["HIGH", "answered = false AND queries > 1"],
      // Who asks no more may have got it: NAT behind the point of capture gives it the right address.
      ["INFO", "answered = false AND answered_from IS NOT NULL"],
      ["MEDIUM", "answered = false"],
    ],
    shows: [...question, "answered_from"],
    measure: "queries",
    doubts: doubtsAbout("absence", "repetition", "time"),
    says: (row) =>
      `${asked(row)} ${many(row.queries, "time")}, and no answer came${row.answered_from === null ? "" : `, but one of ${row.answered_from}, which no client takes as it is`}`,
    causes: [
      "the server is down or overloaded, or a firewall drops question or answer",
      "the answer was lost, or too big for the path",
      "answered by another address: NAT on the way back, or a server with several addresses that sends from the wrong one",
    ],
    advice: ["capture at the server: does the question arrive, does an answer leave?"],
    verify: (row) => callOn("dnsQueries", row),
  }),
  DNS_REPEATED: rule({
    title: "DNS questions have to be asked again",
    category: "performance",
    thresholds: { more: { value: 1, unit: "packets", meaning: "LOW above so many queries for one answer" } },
    of: queries,
    grades: ({ more }) => [["LOW", `answered AND queries > ${more}`]],
    shows: [...question, "waited_ns"],
    measure: "waited_ns",
    doubts: doubtsAbout("absence", "repetition"),
    says: (row) => `${asked(row)} ${many(row.queries, "time")}, and waited ${took(row.waited_ns)}`,
    causes: ["question or answer was lost", "the server is slower than the client's patience"],
    advice: ["capture at the server to see which of the two"],
    verify: (row) => callOn("dnsQueries", row),
  }),
  DNS_SLOW: rule({
    title: "DNS answers are slow",
    category: "performance",
    thresholds: {
      ms: { value: 200, unit: "ms", meaning: "MEDIUM above, from the first query to the answer" },
      highMs: { value: 1000, unit: "ms", meaning: "HIGH above" },
    },
    of: queries,
    grades: ({ ms, highMs }) => [
      ["HIGH", `waited_ns > ${highMs * 1e6}`],
      ["MEDIUM", `waited_ns > ${ms * 1e6}`],
    ],
    shows: [...question, "waited_ns"],
    measure: "waited_ns",
    doubts: doubtsAbout("time"),
    says: (row) => `${asked(row)} and waited ${took(row.waited_ns)}`,
    causes: [
      "the server has to ask others first",
      "queries or answers are lost and asked again",
      "the path to it is slow",
    ],
    advice: ["compare servers: dnsServers(); a resolver nearby that caches helps"],
    verify: (row) => callOn("dnsQueries", row),
  }),
  DNS_FAILED: rule({
    title: "DNS servers fail or refuse",
    category: "connectivity",
    thresholds: {},
    of: queries,
    grades: () => [["MEDIUM", "answered AND rcode NOT IN ('NOERROR', 'NXDOMAIN')"]],
    shows: question,
    measure: "responses",
    doubts: [],
    says: (row) => `${asked(row)}: ${row.rcode}`,
    causes: [
      "SERVFAIL: the server can't reach those that know, or a signature is wrong",
      "REFUSED: it doesn't serve this client",
    ],
    advice: ["ask the same server by hand (dig), and the next one"],
    verify: (row) => callOn("dnsQueries", row),
  }),
  DNS_NXDOMAIN: rule({
    title: "many names that are asked for don't exist",
    category: "configuration",
    thresholds: {
      percent: { value: 30, unit: "%", meaning: "LOW above, of a server's answered questions" },
      least: { value: 10, unit: "questions", meaning: "fewer are no rate" },
    },
    of: ({ capture, filter }: Subject) => dnsServers(capture, filter),
    grades: ({ percent, least }) => [
      ["LOW", `answered >= ${least} AND 100.0 * nxdomain > ${percent} * answered`],
    ],
    shows: ["server", "server_port", "clients", "questions", "answered", "nxdomain"],
    measure: "nxdomain",
    doubts: [],
    says: (row) =>
      `${row.server}: ${row.nxdomain} of ${many(row.answered, "answered question")} ask for names that don't exist, ${share((100 * Number(row.nxdomain)) / Number(row.answered))}`,
    causes: [
      "search domains are tried first (resolv.conf: search, ndots)",
      "a misspelt name in a configuration",
    ],
    advice: ["see which names: dnsQueries()"],
    verify: () => callOf("dnsServers"),
  }),
} satisfies Rules<Subject>;
