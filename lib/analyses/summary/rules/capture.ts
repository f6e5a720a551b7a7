import { type Rules, rule } from "../../../findings/index.js";
import { callOf, callOn, endsOf, many, manyAre, type Subject, share } from "../../subject/index.js";
import { damage, missedData, oneSided, unheard } from "../artefacts.js";
import { qualityChecks } from "../quality.js";

const shows = ["check", "count", "of", "percent", "unit"];
const seen = { category: "capture", shows, measure: "percent", doubts: [] } as const;
const of = ({ capture, filter }: Subject) => qualityChecks(capture, filter);
const verify = () => callOf("quality");
const checkIs = (name: string) => `"check" = '${name}' AND "count" > 0`;

/** What the capture itself does to verdicts. */
export const captureRules = {
  CAPTURE_DAMAGED: rule({
    title: "the file is damaged or cut short",
    category: "capture",
    thresholds: {},
    of: damage,
    grades: () => [["MEDIUM", "partial"]],
    shows: ["file", "packets", "partial"],
    measure: "packets",
    doubts: [],
    says: ({ file, packets }) => `${file} is damaged or cut short: ${many(packets, "packet")} could be read`,
    causes: ["the capturing program was killed, or the disk was full", "the copy of the file was broken off"],
    advice: ["copy or record it again; what could be read is right, and what came after is unknown"],
    verify: () => "cap",
  }),
  CAPTURE_LOST_PACKETS: rule({
    ...seen,
    title: "the capturing program lost packets",
    thresholds: { highPercent: { value: 1, unit: "%", meaning: "HIGH above so much of all packets" } },
    of,
    grades: ({ highPercent }) => [
      ["HIGH", `${checkIs("lost while capturing")} AND percent > ${highPercent}`],
      ["MEDIUM", checkIs("lost while capturing")],
    ],
    says: (row) =>
      `the capturing program could not keep up: ${many(row.count, "packet")} lost, ${share(row.percent)}`,
    causes: ["more packets than the disk, the connection or one core could take"],
    advice: ["capture with a filter, a shorter snap length or on a quieter device"],
    verify,
  }),
  CAPTURE_MISSED_PACKETS: rule({
    title: "data that the receiver acknowledged is not in the capture",
    category: "capture",
    thresholds: {
      least: { value: 1, unit: "acks", meaning: "acks of data that is not there, per direction" },
    },
    of: missedData,
    grades: ({ least }) => [["MEDIUM", `acks >= ${least}`]],
    shows: ["flow", "client", "client_port", "server", "server_port", "sender", "acks"],
    measure: "acks",
    doubts: [],
    says: (row) =>
      `${endsOf(row)}: the ${row.sender} acknowledged data that the capture doesn't have, ${many(row.acks, "time")}`,
    causes: [
      "the capture lost packets, or another path carried some of them",
      "the packets came before the capture began",
    ],
    advice: ["don't take gaps of these connections for loss of the network"],
    verify: (row) => callOn("tcpGaps", row),
  }),
  CAPTURE_COPIES: rule({
    ...seen,
    title: "packets are there twice",
    thresholds: {
      lowPercent: { value: 5, unit: "%", meaning: "LOW above so much of all packets, else INFO" },
    },
    of,
    grades: ({ lowPercent }) => [
      ["LOW", `${checkIs("copies")} AND percent > ${lowPercent}`],
      ["INFO", checkIs("copies")],
    ],
    says: (row) =>
      `${manyAre(row.count, "packet")} there twice, ${share(row.percent)} of all: copies are left out of every verdict here, but not of other tools' counts`,
    causes: [
      "captured on `any`, or on a bridge and its port at once",
      "a mirror port that sends both directions of a link",
    ],
    advice: ["capture on one device; no retransmission is counted from a copy"],
    verify,
  }),
  CAPTURE_POSSIBLE_COPIES: rule({
    ...seen,
    title: "packets may be there twice",
    thresholds: {},
    of,
    grades: () => [["INFO", checkIs("possible copies")]],
    says: (row) =>
      `${many(row.count, "packet")}, ${share(row.percent)} of all, came again within 100 ms, and nothing proves that they are copies: they are counted, and what rests on them is in doubt`,
    causes: [
      "a sender that never changes the IP identification, and sends the same again",
      "a mirror port that sends packets twice, of protocols without a checksum, or in a file without times",
      "a routing loop: the same packet again between the same MAC addresses, with a lower TTL (hopLimits)",
    ],
    advice: ["compare with a capture at another point"],
    verify,
  }),
  CAPTURE_DISORDER: rule({
    ...seen,
    title: "packets are not in the order of their times",
    thresholds: {},
    of,
    grades: () => [["LOW", checkIs("earlier than the packet before")]],
    says: (row) =>
      `${manyAre(row.count, "packet")} earlier than the packet before: order proves nothing here`,
    causes: [
      "several queues, cores or devices were written to one file",
      "files were merged without sorting",
    ],
    advice: ["reorder the file by time (reordercap), and look again"],
    verify,
  }),
  CAPTURE_CLOCK: rule({
    ...seen,
    title: "the times of packets can't be right",
    thresholds: {},
    of,
    grades: () => [
      [
        "LOW",
        ["earlier by more than a second", "with a time that can''t be", "TCP acknowledged before it was sent"]
          .map(checkIs)
          .join(" OR "),
      ],
    ],
    says: (row) =>
      row.unit === "connections"
        ? `${manyAre(row.count, "connection")} acknowledged before anything was sent: the clock of one direction is behind, and what is measured there is unknown`
        : `${manyAre(row.count, "packet")} ${row.check}: what is measured across them is unknown`,
    causes: [
      "the clock of the capturing host was set meanwhile",
      "files of different times, or of hosts whose clocks differ, were put together",
      "a damaged record, or a file that has no times",
    ],
    advice: ["keep the clock in step (chrony) while you capture; don't measure durations here"],
    verify,
  }),
  CAPTURE_ONE_SIDED: rule({
    title: "connections are seen in one direction only",
    category: "capture",
    thresholds: {},
    of: oneSided,
    grades: () => [["MEDIUM", "packets > 0"]],
    shows: ["flow", "client", "client_port", "server", "server_port", "seen", "packets"],
    measure: "packets",
    doubts: [],
    says: (row) =>
      `${endsOf(row)}: only packets of the ${row.seen} are in the capture, and it goes on as if answered`,
    causes: ["the other direction takes another path", "a mirror port or filter that sees one direction"],
    advice: ["capture where both directions pass, or on both ends"],
    verify: (row) => callOn("packetsOf", row),
  }),
  CAPTURE_NO_ANSWERS: rule({
    title: "nothing shows that the capture has answers",
    category: "capture",
    thresholds: {},
    of: unheard,
    grades: () => [["INFO", "true"]],
    shows: ["flow", "client", "client_port", "server", "server_port", "packets"],
    measure: "packets",
    doubts: [],
    says: (row) =>
      `${endsOf(row)}: no answer is in the capture, nor anything else that would show that it could have one`,
    causes: [
      "a filter that takes one direction, or SYNs alone",
      "a place that one direction passes: one link of a bond, a mirror port, one of several paths",
      "nobody answers",
    ],
    advice: [
      "capture without a filter, or where both directions pass: on the host that asks, on all devices (`any`)",
    ],
    verify: (row) => callOn("packetsOf", row),
  }),
  CAPTURE_NO_SYN: rule({
    ...seen,
    title: "connections began before the capture",
    thresholds: {},
    of,
    grades: () => [["INFO", checkIs("TCP without its SYN")]],
    says: (row) =>
      `${many(row.count, "connection")} (${share(row.percent)}) began before the capture: their window scale is unknown, and so is who opened them`,
    causes: ["the capture was started while they ran"],
    advice: ["for windows and options, capture from before the connection is opened"],
    verify: () => callOf("tcpHandshakes"),
  }),
  CAPTURE_CUT_PACKETS: rule({
    ...seen,
    title: "packets are cut by the snap length",
    thresholds: {},
    of,
    grades: () => [["INFO", checkIs("cut by the snap length")]],
    says: (row) =>
      `${manyAre(row.count, "packet")} cut, ${share(row.percent)} of all: bytes are counted by the length on the wire, but DNS, DHCP, ICMP quotes and checksums in the cut part are unknown`,
    causes: ["a snap length below the size of the packets"],
    advice: ["capture whole packets where the content matters"],
    verify,
  }),
  CAPTURE_SUPER_FRAMES: rule({
    ...seen,
    title: "packets are bigger than the wire carries",
    thresholds: {},
    of,
    grades: () => [["INFO", checkIs("super-frames")]],
    says: (row) =>
      `${share(row.percent)} of the data packets are super-frames: offloading put several segments together, so shares are taken by bytes`,
    causes: ["TSO, GSO or GRO: captured before the device cut them, or after it joined them"],
    advice: ["capture on the wire, or switch offloading off (ethtool -K) to see real segments"],
    verify,
  }),
  CAPTURE_CHECKSUM_OFFLOAD: rule({
    ...seen,
    title: "checksums are filled in after the capture",
    thresholds: {},
    of,
    grades: () => [["INFO", checkIs("checksums bad, of senders whose own device fills them in")]],
    says: (row) =>
      `the checksums of ${many(row.count, "packet")} were filled in after the capture, or never have to be: harmless`,
    causes: ["checksum offload of the sending host, where it was captured"],
    advice: [],
    verify,
  }),
} satisfies Rules<Subject>;
