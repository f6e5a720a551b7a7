import { type Rules, rule } from "../../../findings/index.js";
import { callOn, type Doubt, doubtsAbout, endsOf, type Subject, took } from "../../subject/index.js";
import { tcpTurns } from "../turns.js";
import { direction, health } from "./direction.js";

/** Where the time goes: the path, or the server. */
export const tcpTimeRules = {
  TCP_SLOW_PATH: rule({
    title: "round trips are long",
    category: "performance",
    thresholds: {
      meanMs: { value: 100, unit: "ms", meaning: "MEDIUM above, the mean from data to its ack" },
      highMs: { value: 500, unit: "ms", meaning: "HIGH above" },
      least: { value: 3, unit: "samples", meaning: "fewer acks are no mean" },
    },
    of: health,
    grades: ({ meanMs, highMs, least }) => [
      ["HIGH", `rtt_mean_ns > ${highMs * 1e6} AND rtt_samples >= ${least}`],
      ["MEDIUM", `rtt_mean_ns > ${meanMs * 1e6} AND rtt_samples >= ${least}`],
    ],
    shows: [...direction, ...["rtt_samples", "rtt_min_ns", "rtt_mean_ns", "rtt_median_ns", "rtt_p95_ns"]],
    measure: "rtt_mean_ns",
    doubts: ["CAPTURE_ONE_SIDED"] satisfies Doubt[],
    says: (row) =>
      `${endsOf(row)}: from data of the ${row.sender} to its ack ${took(row.rtt_mean_ns)} on average, ${took(row.rtt_min_ns)} at best`,
    causes: [
      "where the best is long too: distance, a VPN, a slow path",
      "where the best is short: queues fill (bufferbloat), the receiving host is busy, or acks are delayed",
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
        meaning: "MEDIUM above, from a request's end to its answer's begin",
      },
      highMs: { value: 5000, unit: "ms", meaning: "HIGH above" },
    },
    of: ({ capture, filter }: Subject) => tcpTurns(capture, filter),
    grades: ({ waitMs, highMs }) => [
      ["HIGH", `sender = 'server' AND turn > 1 AND wait_ns > ${highMs * 1e6}`],
      ["MEDIUM", `sender = 'server' AND turn > 1 AND wait_ns > ${waitMs * 1e6}`],
    ],
    shows: ["flow", "turn", "sender", "start_ns", "wait_ns", "duration_ns", "packets", "payload_bytes"],
    measure: "wait_ns",
    // Who is taken for the server may be the client, whose user thinks.
    doubts: ["CAPTURE_ONE_SIDED", "CAPTURE_MISSED_PACKETS", ...doubtsAbout("role")] satisfies Doubt[],
    says: (row) => `${row.flow}: the server answered after ${took(row.wait_ns)}, in turn ${row.turn}`,
    causes: [
      "the application works that long, or waits for something behind it",
      "the server is out of CPU or memory",
      "the protocol has the server speak when there is something to say (WebSocket, long polling, queues, shells): no fault then",
    ],
    advice: [
      "its acks tell the path from the application: where they come at once, the network is not the cause",
    ],
    verify: (row) => callOn("tcpTurns", row),
  }),
} satisfies Rules<Subject>;
