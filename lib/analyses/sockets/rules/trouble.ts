import { type Rules, rule } from "../../../findings/index.js";
import { many, share } from "../../subject/index.js";
import { percent, type SocketSubject, size } from "../subject.js";

const connections = (subject: SocketSubject) => subject.connections();
const verify = (call: string) => (row: { readonly [column: string]: unknown }) =>
  `await ${call}(samples, { flow: ${JSON.stringify(row.flow)} })`;

/** What goes wrong at a socket. */
export const troubleRules = {
  SOCKET_RESENT: rule({
    title: "data is sent again",
    category: "reliability",
    thresholds: {
      percent: { value: 1, unit: "%", meaning: "MEDIUM above, of the payload sent" },
      high: { value: 5, unit: "%", meaning: "HIGH above" },
    },
    of: connections,
    grades: ({ percent, high }) => [
      ["HIGH", `resent_percent > ${high}`],
      ["MEDIUM", `resent_percent > ${percent}`],
    ],
    shows: ["flow", "retransmissions", "resent_percent", "spurious_percent", "loss_share", "acked_bytes"],
    measure: "resent_percent",
    doubts: [],
    says: (row) =>
      `${row.flow}: ${share(row.resent_percent)} of its payload was sent again, in ${many(row.retransmissions, "packet")}`,
    causes: ["packets are lost on the way", "or only late: see spurious_percent"],
    advice: ["find where: dropReport and pathSummary on the hosts of the path"],
    verify: verify("socketRetransmissions"),
  }),
  SOCKET_SPURIOUS: rule({
    title: "data is sent again for nothing",
    category: "reliability",
    thresholds: {
      percent: { value: 10, unit: "%", meaning: "LOW above, of retransmissions" },
      least: { value: 10, unit: "packets", meaning: "fewer retransmissions make no rate" },
    },
    of: connections,
    grades: ({ percent, least }) => [
      ["LOW", `spurious_percent > ${percent} AND retransmissions >= ${least}`],
    ],
    shows: ["flow", "retransmissions", "spurious", "spurious_percent"],
    measure: "spurious_percent",
    doubts: [],
    says: (row) =>
      `${row.flow}: ${many(row.spurious, "segment")} of ${many(row.retransmissions, "retransmission")} had arrived before`,
    causes: ["packets come out of order, or late by more than the sender expects"],
    advice: ["see reordering_seen of its samples: paths of different length, several queues of a NIC"],
    verify: verify("socketRetransmissions"),
  }),
  SOCKET_READER_SLOW: rule({
    title: "the receiving application reads too slowly",
    category: "performance",
    thresholds: {
      waiting: {
        value: 0.25,
        unit: "of rcvbuf_bytes",
        meaning: "unread on average, from where a buffer counts as left lying",
      },
      pressure: { value: 0.7, unit: "of rcvbuf_bytes", meaning: "receive memory in use, 95th percentile" },
    },
    of: connections,
    grades: ({ waiting, pressure }) => [
      [
        "HIGH",
        `role = 'receiver' AND recv_q_bytes >= ${waiting} * rcvbuf_bytes AND receive_pressure >= ${pressure}`,
      ],
    ],
    shows: ["flow", "recv_q_bytes", "rcvbuf_bytes", "receive_pressure", "received_bits_per_second"],
    measure: "recv_q_bytes",
    doubts: [],
    says: (row) =>
      `${row.flow}: ${size(row.recv_q_bytes)} lay unread on average, in a buffer of ${size(row.rcvbuf_bytes)}`,
    causes: [
      "the application is busy, or waits for something else before it reads",
      "its thread waits for a CPU",
    ],
    advice: ["look at the receiving process: threadCpu, runQueueSummary; a larger buffer only delays it"],
    verify: verify("socketBuffers"),
  }),
  SOCKET_DROPS: rule({
    title: "a socket drops packets",
    category: "reliability",
    thresholds: {
      pressure: {
        value: 0.9,
        unit: "of rcvbuf_bytes",
        meaning: "CRITICAL from so much receive memory in use on, INFO below: copies and strays",
      },
    },
    of: connections,
    grades: ({ pressure }) => [
      ["CRITICAL", `drops > 0 AND receive_pressure >= ${pressure}`],
      ["INFO", "drops > 0"],
    ],
    shows: ["flow", "drops", "receive_pressure", "rcvbuf_bytes", "recv_q_bytes"],
    measure: "drops",
    doubts: [],
    says: (row) =>
      `${row.flow}: the socket dropped ${many(row.drops, "packet")}, at ${percent(row.receive_pressure)} of its receive memory`,
    causes: ["its receive memory was full", "what came was outside its window, or a copy"],
    advice: ["see socketBuffers; dropEvents with its port says the reason"],
    verify: verify("socketBuffers"),
  }),
  SOCKET_RTT_VARIABLE: rule({
    title: "the round trip time varies much",
    category: "performance",
    thresholds: {
      cv: { value: 0.3, unit: "std/mean", meaning: "INFO above" },
      high: { value: 0.6, unit: "std/mean", meaning: "LOW above" },
    },
    of: connections,
    grades: ({ cv, high }) => [
      ["LOW", `role = 'sender' AND rtt_cv >= ${high} AND rtt_p50_us > 1000`],
      ["INFO", `role = 'sender' AND rtt_cv >= ${cv} AND rtt_p50_us > 1000`],
    ],
    shows: ["flow", "rtt_cv", "rtt_stability", "min_rtt_us", "rtt_p50_us"],
    measure: "rtt_cv",
    doubts: [],
    says: (row) =>
      `${row.flow}: its round trips are ${row.rtt_stability}, ${row.rtt_p50_us} µs in the middle and ${row.min_rtt_us} µs at least`,
    causes: ["a queue fills and empties", "other traffic, or a busy host, in the path"],
    advice: ["see the time beside the data in flight: socketRates; where it waits: pathSummary"],
    verify: verify("socketRates"),
  }),
} satisfies Rules<SocketSubject>;
