import { type Rules, rule } from "../../../findings/index.js";
import { callOn, type Doubt, endsOf, many, type Subject, share, took } from "../../subject/index.js";
import { retransmissionBursts } from "../bursts.js";
import { duplicateAcks } from "../duplicate-acks.js";
import { direction, health } from "./direction.js";
import { resentHealth } from "./resent.js";

/** Packets out of their order look like loss, and the capture may have put them so. */
const doubts: Doubt[] = ["CAPTURE_DISORDER"];

/** What was lost of TCP, and how it was repaired. */
export const tcpLossRules = {
  TCP_RESENT: rule({
    title: "TCP data is sent again",
    category: "reliability",
    thresholds: {
      percent: {
        value: 1,
        unit: "%",
        meaning:
          "MEDIUM above, of a direction's payload, by bytes, without what the receiver had already; INFO with it",
      },
      highPercent: { value: 2, unit: "%", meaning: "HIGH above" },
      criticalPercent: { value: 5, unit: "%", meaning: "CRITICAL above" },
      least: { value: 3, unit: "packets", meaning: "fewer retransmissions of data are no rate" },
    },
    of: resentHealth,
    grades: ({ percent, highPercent, criticalPercent, least }) => {
      const above = (limit: number, bytes: string, packets: string) =>
        `100.0 * ${bytes} > ${limit} * payload_bytes AND ${packets} - syn_retransmissions >= ${least}`;
      const needed = (limit: number) => above(limit, "needed_bytes", "retransmissions - needless");
      return [
        ["CRITICAL", needed(criticalPercent)],
        ["HIGH", needed(highPercent)],
        ["MEDIUM", needed(percent)],
        ["INFO", above(percent, "resent_bytes", "retransmissions")],
      ];
    },
    shows: [
      ...direction,
      "packets",
      ...[
        "payload_bytes",
        "resent_bytes",
        "resent_percent",
        "fast_retransmissions",
        "recovery_retransmissions",
      ],
      ...[
        "rto_retransmissions",
        "spurious_retransmissions",
        "syn_retransmissions",
        "needless",
        "needed_bytes",
      ],
    ],
    measure: "resent_percent",
    doubts,
    says: (row) =>
      `${endsOf(row)}: the ${row.sender} sent ${share(row.resent_percent)} of its payload again, ${many(row.resent_bytes, "byte")} of ${many(row.payload_bytes, "byte")}${row.needed_bytes === row.resent_bytes ? "" : `; of that, the receiver lacked ${many(row.needed_bytes, "byte")}`}`,
    causes: [
      "packets lost between the point of capture and the receiver, or their acks on the way back",
      "nothing lost: late acks or packets that overtake each other (TCP_SPURIOUS, and `needless` of retransmissions(), tell where the receiver says so)",
      "a full queue (qdisc, device ring, vhost, tun, vSwitch), a policer, a bad link, an MTU that is too small",
    ],
    advice: [
      "capture at the next hop too, and compare: the loss lies where packets go in and don't come out",
      "count drops on the hosts of the path at the same time: dropSummary(host, {seconds: 10})",
    ],
    verify: (row) => callOn("retransmissions", row),
  }),
  TCP_TIMEOUTS: rule({
    title: "TCP waits for its retransmission timer",
    category: "performance",
    thresholds: {
      least: { value: 3, unit: "packets", meaning: "MEDIUM from so many timeouts of a direction on" },
      high: { value: 10, unit: "packets", meaning: "HIGH from so many on" },
    },
    of: resentHealth,
    grades: ({ least, high }) => [
      ["HIGH", `timeouts >= ${high}`],
      ["MEDIUM", `timeouts >= ${least}`],
    ],
    shows: [
      ...direction,
      "packets",
      "retransmissions",
      "timeouts",
      "timeouts_ns",
      "rto_retransmissions",
      "fast_retransmissions",
      "sacks",
    ],
    measure: "timeouts",
    doubts,
    says: (row) =>
      `${endsOf(row)}: the ${row.sender} waited for its timer ${many(row.timeouts, "time")}${row.timeouts_ns === null ? "" : `, ${took(row.timeouts_ns)} together`}`,
    causes: [
      "the last packets of a burst are lost, so that no duplicate ack tells of it",
      "so many packets are lost, or the retransmission too, that duplicate acks don't come",
      "SACK is off",
    ],
    advice: ["look when they happen, and what else happened then: retransmissions(), retransmissionBursts()"],
    verify: (row) => callOn("retransmissions", row),
  }),
  TCP_SPURIOUS: rule({
    title: "TCP sends again what had arrived",
    category: "performance",
    thresholds: {
      percent: { value: 10, unit: "%", meaning: "LOW above, of a direction's retransmissions" },
      mediumPercent: { value: 50, unit: "%", meaning: "MEDIUM above" },
      least: { value: 3, unit: "packets", meaning: "fewer are no rate" },
    },
    of: resentHealth,
    grades: ({ percent, mediumPercent, least }) => {
      const above = (limit: number) =>
        `100.0 * needless > ${limit} * retransmissions AND needless >= ${least}`;
      return [
        ["MEDIUM", above(mediumPercent)],
        ["LOW", above(percent)],
      ];
    },
    shows: [...direction, "packets", "retransmissions", "needless", "spurious_retransmissions"],
    measure: "needless",
    doubts: [...doubts, "CAPTURE_MISSED_PACKETS"] satisfies Doubt[],
    says: (row) =>
      `${endsOf(row)}: ${row.needless} of ${many(row.retransmissions, "retransmission")} of the ${row.sender} repeat what had arrived already`,
    causes: [
      "acks are late: the path's delay varies more than the timer expects, or acks are lost",
      "packets overtake each other, so that duplicate acks tell of a loss that isn't one",
    ],
    advice: ["look at the round trips over time: rttSamples(), and at reordering: tcpHealth()"],
    verify: (row) => callOn("retransmissions", row),
  }),
  TCP_BURST: rule({
    title: "TCP sends much again at once",
    category: "reliability",
    thresholds: {
      least: {
        value: 5,
        unit: "packets",
        meaning: "MEDIUM from so many retransmissions on, within the time",
      },
      high: { value: 8, unit: "packets", meaning: "HIGH from so many on" },
      critical: { value: 11, unit: "packets", meaning: "CRITICAL from so many on" },
      withinMs: { value: 1000, unit: "ms", meaning: "the time" },
    },
    of: ({ capture, filter }: Subject, { least, withinMs }) =>
      retransmissionBursts(capture, { ...filter, atLeast: least, withinMs }),
    grades: ({ least, high, critical }) => [
      ["CRITICAL", `most >= ${critical}`],
      ["HIGH", `most >= ${high}`],
      ["MEDIUM", `most >= ${least}`],
    ],
    shows: [
      ...["flow", "sender", "start_ns", "duration_ns", "retransmissions", "most", "resent_bytes"],
      ...["fast", "rto", "spurious", "syn"],
    ],
    measure: "most",
    doubts,
    says: (row) =>
      `${row.flow}: the ${row.sender} sent ${many(row.retransmissions, "packet")} again within ${took(row.duration_ns)}`,
    causes: [
      "a queue overflowed and many packets in a row were lost",
      "a link or path was down for a moment",
    ],
    advice: ["look at the hosts of the path for the same moment: dropEvents(), interface counters"],
    verify: (row) => callOn("retransmissionBursts", row),
  }),
  TCP_DUPLICATE_ACKS: rule({
    title: "duplicate acks come in storms",
    category: "reliability",
    thresholds: {
      least: { value: 20, unit: "packets", meaning: "LOW from so many duplicates of one ack on" },
      medium: { value: 100, unit: "packets", meaning: "MEDIUM from so many on" },
    },
    of: ({ capture, filter }: Subject) => duplicateAcks(capture, filter),
    grades: ({ least, medium }) => [
      ["MEDIUM", `duplicate_acks >= ${medium}`],
      ["LOW", `duplicate_acks >= ${least}`],
    ],
    shows: [
      "flow",
      "acker",
      "start_ns",
      "duration_ns",
      "tcp_ack",
      "duplicate_acks",
      "with_sack",
      "answer",
      "answer_ns",
    ],
    measure: "duplicate_acks",
    doubts,
    says: (row) =>
      `${row.flow}: the ${row.acker} repeated one ack ${many(row.duplicate_acks, "time")} within ${took(row.duration_ns)}`,
    causes: [
      "one packet is lost or late, and many come behind it",
      "the retransmission was lost too, or comes late",
    ],
    advice: ["see what answered, and after how long: the columns answer and answer_ns"],
    verify: (row) => callOn("duplicateAcks", row),
  }),
  TCP_OUT_OF_ORDER: rule({
    title: "TCP packets overtake each other",
    category: "reliability",
    thresholds: {
      percent: { value: 0.5, unit: "%", meaning: "MEDIUM above, of a direction's packets" },
      least: { value: 3, unit: "packets", meaning: "fewer are no rate" },
    },
    of: health,
    grades: ({ percent, least }) => [
      ["MEDIUM", `100.0 * out_of_order > ${percent} * packets AND out_of_order >= ${least}`],
    ],
    shows: [...direction, "packets", "out_of_order", "duplicate_acks", "spurious_retransmissions"],
    measure: "out_of_order",
    doubts,
    says: (row) =>
      `${endsOf(row)}: ${row.out_of_order} of ${many(row.packets, "packet")} of the ${row.sender} came after later ones`,
    causes: [
      "several paths, queues or cores carry one connection (bond without layer 3+4 hash, RPS, multi-queue)",
      "a capture on several cores writes them so",
    ],
    advice: ["capture at both ends: what is out of order at one only was turned around between them"],
    verify: (row) => callOn("tcpGaps", row),
  }),
} satisfies Rules<Subject>;
