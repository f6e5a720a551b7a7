import { type Rules, rule } from "../../findings/index.js";
import { deriveTable } from "../../tables/index.js";
import { callOf, callOn, doubtsAbout, many, type Subject, share, took } from "../subject/index.js";
import { icmpErrors } from "./errors.js";
import { expiredPackets } from "./expired.js";
import { pingSummary } from "./ping-summary.js";
import { traceroutes } from "./traceroutes.js";

const pings = ({ capture, filter }: Subject) => pingSummary(capture, filter);
const errors = ({ capture, filter }: Subject) => icmpErrors(capture, filter);
/** Errors that nobody asked for: a traced path answers with them. */
const untraced = async (subject: Subject) => {
  const told = await errors(subject);
  return deriveTable("untraced", {
    sources: { told, traced: await traceroutes(subject.capture, subject.filter) },
    query: "SELECT * FROM told WHERE (quoted_src, quoted_dst) NOT IN (SELECT (source, target) FROM traced)",
    columns: told.schema,
    provenance: told.provenance,
  });
};
const ping = ["flow", "src", "dst", "icmp_id", "requests", "answered", "lost", "lost_percent"];
const error = [
  ...["frame", "time_ns", "error", "reporter", "told", "about", "quoted_transport", "quoted_src"],
  ...["quoted_src_port", "quoted_dst", "quoted_dst_port", "icmp_mtu_bytes"],
];
const about = (row: { readonly [column: string]: unknown }) =>
  `${row.reporter} tells ${row.told}: ${row.error}, about ${row.quoted_transport ?? "a packet"} to ${row.quoted_dst}`;

/** traceroute's ports (one more for each probe): the target refuses them, which ends the trace, also where it is no hop away. */
const probed =
  "quoted_transport = 'udp' AND quoted_dst_port BETWEEN 33434 AND 33534 AND reporter = quoted_dst AND error = 'port unreachable'";

/** Destination unreachable of IPv4 or IPv6; that a packet is too big has a rule of its own. */
const unreachable = `CASE WHEN contains(reporter, ':') THEN icmp_type = 1 ELSE icmp_type = 3 AND icmp_code <> 4 END`;

/** What pings and ICMP errors say. */
export const icmpRules = {
  PING_LOSS: rule({
    title: "pings are lost",
    category: "reliability",
    thresholds: {
      percent: { value: 0, unit: "%", meaning: "MEDIUM above, of a ping's requests" },
      highPercent: { value: 5, unit: "%", meaning: "HIGH above" },
      criticalPercent: { value: 20, unit: "%", meaning: "CRITICAL above" },
      least: { value: 5, unit: "requests", meaning: "with fewer it stays MEDIUM" },
    },
    of: pings,
    grades: ({ percent, highPercent, criticalPercent, least }) => [
      ["CRITICAL", `lost_percent > ${criticalPercent} AND requests >= ${least}`],
      ["HIGH", `lost_percent > ${highPercent} AND requests >= ${least}`],
      ["MEDIUM", `lost_percent > ${percent}`],
    ],
    shows: [...ping, "errors", "missing_requests"],
    measure: "lost_percent",
    doubts: doubtsAbout("absence", "repetition", "time"),
    says: (row) =>
      `${row.src} → ${row.dst}: ${row.lost} of ${many(row.requests, "ping")} lost, ${share(row.lost_percent)}`,
    causes: [
      "loss on the way there or back",
      "the target limits how many it answers (net.ipv4.icmp_ratelimit), or doesn't at all",
    ],
    advice: ["capture at the target: does the request arrive, does the reply leave?"],
    verify: (row) => callOn("pings", row),
  }),
  PING_SLOW: rule({
    title: "pings are slow",
    category: "performance",
    thresholds: {
      medianMs: { value: 100, unit: "ms", meaning: "MEDIUM above, the median of a ping" },
      highMs: { value: 500, unit: "ms", meaning: "HIGH above" },
    },
    of: pings,
    grades: ({ medianMs, highMs }) => [
      ["HIGH", `rtt_median_ns > ${highMs * 1e6}`],
      ["MEDIUM", `rtt_median_ns > ${medianMs * 1e6}`],
    ],
    shows: [...ping, "rtt_min_ns", "rtt_median_ns", "rtt_p95_ns", "rtt_max_ns"],
    measure: "rtt_median_ns",
    doubts: doubtsAbout("time"),
    says: (row) =>
      `${row.src} → ${row.dst}: ${took(row.rtt_median_ns)} in the median, ${took(row.rtt_min_ns)} at best`,
    causes: ["distance", "queues on the way, or a busy host at the end"],
    advice: ["see whether it comes with load: pings() beside traffic()"],
    verify: (row) => callOn("pings", row),
  }),
  PING_JITTER: rule({
    title: "round trips of pings vary",
    category: "performance",
    thresholds: {
      ms: { value: 30, unit: "ms", meaning: "LOW above, mean difference of one round trip to the next" },
    },
    of: pings,
    grades: ({ ms }) => [["LOW", `jitter_ns > ${ms * 1e6}`]],
    shows: [...ping, "rtt_min_ns", "rtt_median_ns", "rtt_max_ns", "jitter_ns"],
    measure: "jitter_ns",
    doubts: doubtsAbout("time"),
    says: (row) =>
      `${row.src} → ${row.dst}: one round trip differs from the next by ${took(row.jitter_ns)} on average`,
    causes: [
      "queues that fill and empty",
      "a virtual machine that waits for its CPU (steal), a busy vhost thread",
    ],
    advice: ["look at the run queue and steal of the hosts for the same time"],
    verify: (row) => callOn("pings", row),
  }),
  PING_DUPLICATES: rule({
    title: "pings are answered twice",
    category: "reliability",
    thresholds: {},
    of: pings,
    grades: () => [["LOW", "duplicate_replies > 0"]],
    shows: [...ping, "duplicate_replies"],
    measure: "duplicate_replies",
    doubts: doubtsAbout("repetition"),
    says: (row) =>
      `${row.src} → ${row.dst}: ${row.duplicate_replies} more replies than requests that were answered`,
    causes: ["two machines have the address", "a loop or a flooding switch doubles packets on the way"],
    advice: ["compare the MAC addresses and times to live of the replies: packetsOf()"],
    verify: (row) => callOn("packetsOf", row),
  }),
  ICMP_UNREACHABLE: rule({
    title: "ICMP says that something can't be reached",
    category: "connectivity",
    thresholds: {},
    of: untraced,
    grades: () => [
      ["INFO", `coalesce(${probed}, false)`],
      ["MEDIUM", unreachable],
    ],
    shows: error,
    measure: "frame",
    doubts: [],
    says: about,
    causes: [
      "port unreachable: nothing listens there",
      "host or network unreachable: no route, or no answer to ARP",
      "prohibited: a firewall rejects it",
    ],
    advice: ["look at whoever reports it: its routes, neighbours and firewall rules"],
    verify: () => callOf("icmpErrors"),
  }),
  ICMP_TOO_BIG: rule({
    title: "packets are too big for the path",
    category: "configuration",
    thresholds: {},
    of: errors,
    grades: () => [["MEDIUM", "error IN ('fragmentation needed', 'packet too big')"]],
    shows: error,
    measure: "frame",
    doubts: [],
    says: (row) =>
      `${about(row)}; ${row.icmp_mtu_bytes === null ? "how big they may be isn't said" : `the next hop takes ${many(row.icmp_mtu_bytes, "byte")}`}`,
    causes: [
      "a tunnel (VXLAN, GRE, IPsec) takes its headers off the MTU",
      "one device of the path has a smaller MTU than the ends",
    ],
    advice: [
      "lower the MTU of the ends or clamp the MSS; where these errors are filtered, connections hang (RFC 2923)",
    ],
    verify: () => callOf("icmpErrors"),
  }),
  ICMP_REASSEMBLY: rule({
    title: "fragments don't all arrive",
    category: "reliability",
    thresholds: {},
    of: errors,
    grades: () => [["MEDIUM", "error = 'reassembly time exceeded'"]],
    shows: error,
    measure: "frame",
    doubts: [],
    says: about,
    causes: [
      "one fragment was lost, and with it the whole packet",
      "a firewall or load balancer on the way drops fragments without ports, or sends them to another host",
    ],
    advice: [
      "capture at whoever reports it, and see with fragmentedPackets() which fragments are missing there",
      "avoid fragments: a smaller MTU at the ends, EDNS buffers of 1232 bytes",
    ],
    verify: () => callOf("icmpErrors"),
  }),
  ICMP_PARAMETER_PROBLEM: rule({
    title: "headers are not understood",
    category: "connectivity",
    thresholds: {},
    of: errors,
    grades: () => [["MEDIUM", "error = 'parameter problem'"]],
    shows: error,
    measure: "frame",
    doubts: [],
    says: about,
    causes: [
      "an option, or an extension header of IPv6, that whoever reports it doesn't know or doesn't take",
      "a header that was damaged or written wrongly on the way",
    ],
    advice: ["look at the options and extension headers of what is sent: packetsOf()"],
    verify: () => callOf("icmpErrors"),
  }),
  ICMP_LOOP: rule({
    title: "packets run out of hops",
    category: "connectivity",
    thresholds: {
      ttl: {
        value: 40,
        unit: "hops",
        meaning:
          "HIGH above, the TTL with which the packet passed the point of capture: no path is that long",
      },
    },
    of: expiredPackets,
    grades: ({ ttl }) => [
      ["HIGH", `sent_ttl > ${ttl} OR circling`],
      ["INFO", "sent_ttl IS NULL AND NOT traced"],
    ],
    shows: [...error, "sent_ttl", "circling"],
    measure: "sent_ttl",
    doubts: [],
    says: (row) =>
      row.sent_ttl === null
        ? `${about(row)}, which isn't in the capture: a loop, or one that was sent with a small TTL`
        : `${about(row)}, which passed here with ${row.sent_ttl} hops left`,
    causes: ["routers send packets in a circle"],
    advice: ["trace the path to the target and look for addresses that repeat: traceroutes()"],
    verify: () => callOf("icmpErrors"),
  }),
  TRACEROUTE_SEEN: rule({
    title: "somebody traced a path",
    category: "information",
    thresholds: {},
    of: ({ capture, filter }: Subject) => traceroutes(capture, filter),
    grades: () => [["INFO", "true"]],
    shows: [
      "source",
      "target",
      "transport",
      "hop",
      "probes",
      "replies",
      "router",
      "reached",
      "rtt_median_ns",
    ],
    measure: "hop",
    doubts: [],
    says: (row) => `${row.source} traced the path to ${row.target}, ${many(row.hop, "hop")} far`,
    causes: [],
    advice: [],
    verify: () => callOf("traceroutes"),
  }),
} satisfies Rules<Subject>;
