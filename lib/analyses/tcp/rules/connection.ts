import { type EvidenceRow, type Rules, rule } from "../../../findings/index.js";
import { deriveTable } from "../../../tables/index.js";
import { duration, flag } from "../../query/index.js";
import { callOn, type Doubt, doubtsAbout, endsOf, many, type Subject, took } from "../../subject/index.js";
import { tcpEndings } from "../endings.js";
import { tcpHandshakes } from "../handshakes.js";
import { resets } from "./resets.js";

const ends = ["flow", "client", "client_port", "server", "server_port"];
const handshakes = ({ capture, filter }: Subject) => tcpHandshakes(capture, filter);
/** As long Linux tries a SYN again (net.ipv4.tcp_syn_retries): who begins anew with another number tries no longer. */
const retriedNs = 127_000_000_000;
/** Tenants may have the same ends: behind the number of the connection stands the network. */
const network = "regexp_extract(flow, '^tcp \\d+(.*?)(?: #\\d+)?$', 1)";
/**
 * Whether the client answered the SYN ACK with a RST: it had it, and didn't want it, as health checks of load balancers and scans do, or never asked for it, as who has a forged address. And how
 * much later an attempt from the same port came about, which begins with another number: a connection of its own, and the same as a SYN that is repeated.
 */
const attempts = async (subject: Subject) => {
  const all = await handshakes(subject);
  return deriveTable("attempts", {
    sources: { all, endings: await tcpEndings(subject.capture, subject.filter) },
    query: `
      SELECT * EXCLUDE (next_ns), CASE WHEN next_ns - start_ns <= ${retriedNs} THEN next_ns - start_ns END AS answered_after_ns FROM (
        SELECT *, flow IN (SELECT flow FROM endings WHERE client_rsts > 0) AS aborted,
          min(start_ns) FILTER (outcome IN ('established', 'half open')) OVER (
            PARTITION BY client, client_port, server, server_port, ${network} ORDER BY start_ns
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_ns
        FROM "all")`,
    columns: [
      ...all.schema,
      flag("aborted", "the client answered the SYN ACK with a RST"),
      duration(
        "answered_after_ns",
        "until the next attempt from the same port that was answered; null: none was",
      ),
    ],
    provenance: all.provenance,
  });
};
/** The client wanted to know whether somebody answers, and no more. What was opened before the capture may have had its data then. */
const probing = `opened AND "by" = 'client' AND NOT payload AND idle_ns < 1e9`;
/** Nothing of the connection but RSTs. */
const alone = "packets = client_rsts + server_rsts";
/** The answer may have come after the capture. */
const undecided = "flow IN (SELECT flow FROM doubts WHERE doubt = 'CAPTURE_ENDED')";

const failures: Record<string, string> = {
  unanswered: "nobody answered",
  refused: "the server refused it",
  "half open": "the client never confirmed it",
};

function resetWhen(row: EvidenceRow): string {
  if (row.packets === Number(row.client_rsts) + Number(row.server_rsts))
    return ", and the capture has nothing else of it";
  return row.idle_ns === null
    ? ", before anything else that the capture has of it"
    : ` after ${took(row.after_ns)}, ${took(row.idle_ns)} after the packet before`;
}

/** How connections come about and end. */
export const tcpConnectionRules = {
  TCP_SETUP_FAILED: rule({
    title: "TCP connections don't come about",
    category: "connectivity",
    thresholds: {},
    of: attempts,
    grades: () => [
      ["HIGH", `outcome = 'unanswered' AND answered_after_ns IS NULL AND NOT ${undecided}`],
      [
        "MEDIUM",
        `outcome = 'refused' OR ((outcome = 'unanswered' OR (outcome = 'half open' AND NOT aborted)) AND NOT ${undecided})`,
      ],
    ],
    shows: [...ends, "start_ns", "outcome", "syns", "syn_acks", "retry_ns", "client_ns", "answered_after_ns"],
    measure: "syns",
    doubts: [
      ...(["CAPTURE_ONE_SIDED", "CAPTURE_NO_ANSWERS", "CAPTURE_LOST_PACKETS"] satisfies Doubt[]),
      ...doubtsAbout("intent", "order"),
    ],
    says: (row) =>
      `${endsOf(row)}: ${row.outcome === "half open" && row.client_ns !== null ? "the server doesn't take the client's ACK, and says its SYN ACK again" : failures[String(row.outcome)]}, ${many(row.syns, "SYN")} in the capture${row.outcome === "unanswered" && row.answered_after_ns !== null ? `; the next attempt from the same port, ${took(row.answered_after_ns)} later, was answered` : ""}`,
    causes: [
      "unanswered: a firewall or security group drops it, the route or the way back is missing, the listen queue is full",
      "refused: nothing listens on the port, or a firewall rejects it",
      "half open though the client confirmed it: the server's accept queue is full (ss -ltn, nstat TcpExtListenOverflows), or its ACKs are lost",
      "half open: the SYN ACK is lost on its way back, or its address never asked (a SYN flood)",
    ],
    advice: [
      "see whether the SYN reaches the server: capture there, and dropEvents(server, {dstPort: ...})",
      "see whether the port is open (ss -ltn) and its queue full (nstat TcpExtListenDrops)",
    ],
    verify: (row) => callOn("tcpHandshakes", row),
  }),
  TCP_SYN_REPEATED: rule({
    title: "SYNs have to be repeated",
    category: "connectivity",
    thresholds: {
      more: {
        value: 1,
        unit: "packets",
        meaning: "MEDIUM above so many SYNs for one connection; INFO where all of it took less than 100 ms",
      },
    },
    of: handshakes,
    grades: ({ more }) => [
      // No host says a SYN again so soon: the network or the capture has it twice.
      ["INFO", `syns > ${more} AND outcome = 'established' AND setup_ns < 1e8`],
      ["MEDIUM", `syns > ${more} AND outcome = 'established'`],
    ],
    shows: [...ends, "start_ns", "outcome", "syns", "syn_acks", "retry_ns"],
    measure: "retry_ns",
    doubts: doubtsAbout("intent"),
    says: (row) =>
      `${endsOf(row)}: took ${many(row.syns, "SYN")}, ${took(row.retry_ns)} until the one that was answered`,
    causes: ["the first SYN or its answer was lost", "the listen queue was full for a moment"],
    advice: ["look at the server's drops at that time: dropEvents(), nstat TcpExtListenOverflows"],
    verify: (row) => callOn("tcpHandshakes", row),
  }),
  TCP_RESET: rule({
    title: "TCP connections are torn down by RST",
    category: "reliability",
    thresholds: {},
    of: resets,
    grades: () => [
      ["INFO", `ending = 'reset' AND (${alone} OR ${probing})`],
      ["MEDIUM", "ending = 'reset'"],
    ],
    shows: [
      ...ends,
      "ending",
      "by",
      "time_ns",
      "after_ns",
      "idle_ns",
      "client_rsts",
      "server_rsts",
      "packets",
      "opened",
      "forged",
      "payload",
    ],
    measure: "idle_ns",
    doubts: doubtsAbout("intent"),
    says: (row) =>
      `${endsOf(row)}: ${row.forged === true ? `something on the way reset it in the name of the ${row.by}` : `the ${row.by} reset it`}${resetWhen(row)}`,
    causes: [
      "after long silence: a time limit of a firewall, load balancer or NAT",
      "in the middle of a transfer: the application crashed or closed with data unread",
      "at once: the service refuses this client, or no longer knows the connection",
      "in the name of somebody who goes on: a firewall or filter on the way; the times to live of its packets differ (hopLimits)",
      "a RST alone (INFO): of a connection that the capture hasn't, which may have been closed before",
      "by the client at once, before any data (INFO): a health check, a scan, or the slower of two addresses that were tried",
    ],
    advice: ["compare idle_ns with the time limits on the way; look into the log of whoever sent the RST"],
    verify: (row) => callOn("tcpEndings", row),
  }),
  TCP_OPTIONS_OFF: rule({
    title: "TCP options that speed depends on are off",
    category: "configuration",
    thresholds: {},
    of: handshakes,
    grades: () => [
      ["MEDIUM", "outcome = 'established' AND (sack = false OR window_scaling = false)"],
      ["LOW", "outcome = 'established' AND timestamps = false"],
    ],
    shows: [...ends, "sack", "window_scaling", "timestamps", "client_mss_bytes", "server_mss_bytes"],
    measure: "server_mss_bytes",
    doubts: [],
    says: (row) =>
      `${endsOf(row)}: ${[
        row.sack === false ? "selective acks" : "",
        row.window_scaling === false ? "window scaling" : "",
        row.timestamps === false ? "timestamps" : "",
      ]
        .filter((name) => name !== "")
        .join(", ")} off`,
    causes: [
      "one end doesn't offer it (net.ipv4.tcp_sack, tcp_window_scaling, tcp_timestamps)",
      "a middlebox removes it",
    ],
    advice: [
      "see which SYN lacks it, at both ends: what leaves with it and arrives without was changed between them",
    ],
    verify: (row) => callOn("tcpHandshakes", row),
  }),
} satisfies Rules<Subject>;
