import { type Rules, rule } from "../../../findings/index.js";
import { callOn, type Doubt, endsOf, many, type Subject, share, took } from "../../subject/index.js";
import { zeroWindows } from "../zero-windows.js";
import { direction, health } from "./direction.js";
import { windowsFilled } from "./filling.js";

/** Receivers that hold their senders up. */
export const tcpWindowRules = {
  TCP_ZERO_WINDOW: rule({
    title: "a receiver says again and again that it is full",
    category: "performance",
    thresholds: {
      more: { value: 3, unit: "packets", meaning: "HIGH above so many zero windows of one side" },
    },
    of: health,
    grades: ({ more }) => [["HIGH", `zero_windows > ${more}`]],
    shows: [...direction, "packets", "zero_windows", "min_window_bytes", "max_window_bytes"],
    measure: "zero_windows",
    doubts: [],
    says: (row) =>
      `${endsOf(row)}: the ${row.sender} said that its receive buffer is full, ${many(row.zero_windows, "time")}`,
    causes: [
      "its application reads too slowly or not at all",
      "its receive buffer is too small for the rate",
    ],
    advice: [
      "look at the receiving process: CPU, locks, what it waits for; the network is not the cause",
      "see net.ipv4.tcp_rmem and SO_RCVBUF of the receiver",
    ],
    verify: (row) => callOn("zeroWindows", row),
  }),
  TCP_STALLED: rule({
    title: "a full receiver stops the transfer",
    category: "performance",
    thresholds: {
      stallMs: { value: 1000, unit: "ms", meaning: "HIGH from a stall of this length on" },
      criticalMs: {
        value: 10_000,
        unit: "ms",
        meaning: "CRITICAL from this length on, or where it never ended",
      },
    },
    of: ({ capture, filter }: Subject) => zeroWindows(capture, filter),
    grades: ({ stallMs, criticalMs }) => [
      [
        "CRITICAL",
        `duration_ns >= ${criticalMs * 1e6} OR (NOT recovered AND duration_ns >= ${stallMs * 1e6})`,
      ],
      ["HIGH", `duration_ns >= ${stallMs * 1e6}`],
    ],
    shows: ["flow", "receiver", "start_ns", "duration_ns", "recovered", "ended_by", "zero_windows", "probes"],
    measure: "duration_ns",
    doubts: [],
    says: (row) =>
      `${row.flow}: the ${row.receiver} took no data for ${took(row.duration_ns)}${row.recovered ? "" : ", and never opened its window again"}`,
    causes: ["its application has stopped reading"],
    advice: ["look at what the receiving process did in that time"],
    verify: (row) => callOn("zeroWindows", row),
  }),
  TCP_WINDOW_LIMITED: rule({
    title: "the receiver's window limits the rate",
    category: "performance",
    thresholds: {
      more: {
        value: 3,
        unit: "packets",
        meaning:
          "MEDIUM above so many packets that fill the window; INFO where none of them is in the second half of what it sent, nor of the time",
      },
    },
    of: windowsFilled,
    grades: ({ more }) => [
      // A receiver that widens its window as the transfer gets faster holds it up in its first moments.
      ["INFO", `window_full > ${more} AND filled_percent < 50 AND filled_time_percent < 50`],
      ["MEDIUM", `window_full > ${more}`],
    ],
    shows: [
      ...direction,
      ...[
        "packets",
        "window_full",
        "filled_percent",
        "filled_time_percent",
        "max_in_flight_bytes",
        "goodput_bits_per_second",
      ],
    ],
    measure: "window_full",
    doubts: ["CAPTURE_MISSED_PACKETS", "CAPTURE_ONE_SIDED"] satisfies Doubt[],
    says: (row) =>
      `${endsOf(row)}: the ${row.sender} filled the other side's window ${many(row.window_full, "time")}, the last time after ${share(row.filled_percent)} of what it sent and ${share(row.filled_time_percent)} of the time, with ${many(row.max_in_flight_bytes, "byte")} in flight at most`,
    causes: [
      "the receive buffer is smaller than bandwidth times round trip time",
      "window scaling is off, or a middlebox removes it",
      "the application reads too slowly",
    ],
    advice: [
      "compare the window with bandwidth times round trip time: tcpThroughput(), rttSamples(), tcpHandshakes()",
    ],
    verify: (row) => callOn("tcpThroughput", row),
  }),
} satisfies Rules<Subject>;
