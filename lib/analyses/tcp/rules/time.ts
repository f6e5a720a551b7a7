import { type Rules, rule } from "../../../findings/index.js";
import { callOn, type Doubt, doubtsAbout, endsOf, type Subject, took } from "../../subject/index.js";
import { direction } from "./direction.js";
import { pathTrips } from "./path.js";
import { serverTurns } from "./server.js";

/** Where the time goes: the path, or the server. */
export const tcpTimeRules = {
  TCP_SLOW_PATH: rule({
    title: "round trips are long",
    category: "performance",
    thresholds: {
      meanMs: {
        value: 100,
        unit: "ms",
        meaning:
          "INFO above, the mean from data to its ack; LOW where acks that nobody held back are above it, too, in the median; MEDIUM where the median of all is, and those or the best",
      },
      highMs: { value: 500, unit: "ms", meaning: "HIGH where all of these are above" },
      least: { value: 3, unit: "samples", meaning: "fewer acks are no mean" },
    },
    of: pathTrips,
    grades: ({ meanMs, highMs, least }) => {
      const above = (ms: number) => `rtt_mean_ns > ${ms * 1e6} AND rtt_samples >= ${least}`;
      // A few late acks make a mean; a receiver that holds its acks back makes a median.
      const mostly = (ms: number) =>
        `${above(ms)} AND rtt_median_ns > ${ms * 1e6} AND greatest(rtt_min_ns, coalesce(undelayed_median_ns, 0)) > ${ms * 1e6}`;
      return [
        ["HIGH", mostly(highMs)],
        ["MEDIUM", mostly(meanMs)],
        ["LOW", `${above(meanMs)} AND undelayed_median_ns > ${meanMs * 1e6}`],
        ["INFO", above(meanMs)],
      ];
    },
    shows: [
      ...direction,
      ...["rtt_samples", "rtt_min_ns", "rtt_mean_ns", "rtt_median_ns", "rtt_p95_ns", "undelayed_median_ns"],
    ],
    measure: "rtt_mean_ns",
    doubts: ["CAPTURE_ONE_SIDED"] satisfies Doubt[],
    says: (row) =>
      `${endsOf(row)}: from data of the ${row.sender} to its ack ${took(row.rtt_mean_ns)} on average, ${took(row.rtt_median_ns)} in the median, ${took(row.rtt_min_ns)} at best`,
    causes: [
      "where the best is long too: distance, a VPN, a slow path",
      "where the best is short: queues fill (bufferbloat), the receiving host is busy, or acks are delayed",
      "LOW: a few acks that come late make the mean; INFO: a receiver that holds its acks back (up to 500 ms, RFC 1122) would look the same",
    ],
    advice: [
      "see whether it grows with the bytes in flight: rttSamples() beside tcpThroughput(); then measure on the hosts",
    ],
    verify: (row) => callOn("rttSamples", row),
  }),
  TCP_SLOW_SERVER: rule({
    title: "the server thinks for long",
    category: "performance",
    thresholds: {
      waitMs: {
        value: 1000,
        unit: "ms",
        meaning:
          "MEDIUM above, from a request's end to its answer's begin; INFO where the server also speaks without being asked",
      },
      highMs: { value: 5000, unit: "ms", meaning: "HIGH above" },
    },
    of: serverTurns,
    grades: ({ waitMs, highMs }) => {
      const above = (ms: number) => `sender = 'server' AND (turn > 1 OR greeting) AND wait_ns > ${ms * 1e6}`;
      return [
        ["HIGH", `${above(highMs)} AND NOT unasked`],
        ["MEDIUM", `${above(waitMs)} AND NOT unasked`],
        ["INFO", above(waitMs)],
      ];
    },
    shows: [
      ...["flow", "turn", "sender", "start_ns", "wait_ns", "duration_ns", "packets", "payload_bytes"],
      "unasked",
      "greeting",
    ],
    measure: "wait_ns",
    // Who is taken for the server may be the client, whose user thinks.
    doubts: ["CAPTURE_ONE_SIDED", "CAPTURE_MISSED_PACKETS", ...doubtsAbout("role")] satisfies Doubt[],
    says: (row) =>
      row.unasked
        ? `${row.flow}: the server spoke after ${took(row.wait_ns)}, in turn ${row.turn}; it also speaks without being asked`
        : `${row.flow}: the server ${row.greeting ? "greeted" : "answered"} after ${took(row.wait_ns)}, in turn ${row.turn}`,
    causes: [
      "the application works that long, or waits for something behind it",
      "the server is out of CPU or memory",
      "before it greets: it looks the client's name up, and no DNS server answers it",
      "its answer was lost before the point of capture, and sent again",
      "the protocol has the server speak when there is something to say (WebSocket, long polling, queues, shells): no fault then; INFO where it shows",
    ],
    advice: [
      "its acks tell the path from the application: where they come at once, the network is not the cause",
    ],
    verify: (row) => callOn("tcpTurns", row),
  }),
} satisfies Rules<Subject>;
