import { type Rules, rule } from "../../findings/index.js";
import { fragmentedPackets } from "../summary/index.js";
import { qualityChecks } from "../summary/quality.js";
import { datagramSequences } from "../udp/index.js";
import { callOf, callOn, many, type Subject, share } from "./subject.js";

const sequences = ({ capture, filter }: Subject) => datagramSequences(capture, filter);
const stream = ["flow", "src", "dst", "sequence_of", "sequence_id", "packets", "expected"];
const from = (row: { readonly [column: string]: unknown }) => `${row.src} → ${row.dst} (${row.sequence_of})`;

/** Datagrams, fragments and checksums. */
export const packetRules = {
  DATAGRAMS_LOST: rule({
    title: "numbered datagrams are missing",
    category: "reliability",
    thresholds: {
      percent: { value: 1, unit: "%", meaning: "MEDIUM above, of a stream's expected packets" },
      highPercent: { value: 5, unit: "%", meaning: "HIGH above" },
    },
    of: sequences,
    grades: ({ percent, highPercent }) => [
      ["HIGH", `lost_percent > ${highPercent}`],
      ["MEDIUM", `lost_percent > ${percent}`],
    ],
    shows: [...stream, "lost", "lost_percent", "longest_loss"],
    measure: "lost_percent",
    doubts: ["CAPTURE_LOST_PACKETS"],
    says: (row) =>
      `${from(row)}: ${row.lost} of ${many(row.expected, "packet")} are missing, ${share(row.lost_percent)}`,
    causes: ["loss before the point of capture, or by the capture itself"],
    advice: ["capture nearer to the sender: where they are not missing there, the loss lies between"],
    verify: (row) => callOn("datagramSequences", row),
  }),
  DATAGRAMS_REORDERED: rule({
    title: "numbered datagrams overtake each other",
    category: "reliability",
    thresholds: { percent: { value: 0.5, unit: "%", meaning: "LOW above, of a stream's packets" } },
    of: sequences,
    grades: ({ percent }) => [["LOW", `100.0 * reordered > ${percent} * packets`]],
    shows: [...stream, "reordered"],
    measure: "reordered",
    doubts: ["CAPTURE_DISORDER"],
    says: (row) => `${from(row)}: ${row.reordered} of ${many(row.packets, "packet")} came after a later one`,
    causes: ["several paths, queues or cores carry one stream"],
    advice: ["see whether the order is still right where they leave"],
    verify: (row) => callOn("datagramSequences", row),
  }),
  FRAGMENTS_MISSING: rule({
    title: "fragments are missing",
    category: "reliability",
    thresholds: {},
    of: ({ capture, filter }: Subject) => fragmentedPackets(capture, filter),
    grades: () => [["MEDIUM", "complete = false"]],
    shows: ["start_ns", "src", "dst", "fragment_id", "fragments", "wire_bytes", "first", "last", "complete"],
    measure: "fragments",
    doubts: ["CAPTURE_LOST_PACKETS"],
    says: (row) => `${row.src} → ${row.dst}: a packet of ${many(row.fragments, "fragment")} is not whole`,
    causes: [
      "one fragment was lost, and with it the whole packet",
      "a firewall or load balancer drops fragments without ports",
    ],
    advice: ["avoid fragments: a smaller MTU at the ends, EDNS buffers of 1232 bytes"],
    verify: () => callOf("fragmentedPackets"),
  }),
  CHECKSUMS_BAD: rule({
    title: "packets are damaged",
    category: "reliability",
    thresholds: {},
    of: ({ capture, filter }: Subject) => qualityChecks(capture, filter),
    grades: () => [["HIGH", `"check" = 'checksums bad otherwise' AND "count" > 0`]],
    shows: ["check", "count", "of", "percent", "unit"],
    measure: "count",
    doubts: ["CAPTURE_DAMAGED"],
    says: (row) =>
      `${row.count} of ${many(row.of, "packet")} have wrong checksums, which their receivers drop`,
    causes: [
      "a bad cable, port or memory",
      "a device or driver that computes checksums wrongly (try ethtool -K tx off)",
    ],
    advice: [`see which: (await packets(cap)).sql("FROM this WHERE checksum_status = 'bad'")`],
    verify: () => callOf("quality"),
  }),
} satisfies Rules<Subject>;
