import { type Rules, rule } from "../../../findings/index.js";
import { callOn, doubtsAbout, many, type Subject, share } from "../../subject/index.js";
import { datagramSequences } from "../sequences.js";

const sequences = ({ capture, filter }: Subject) => datagramSequences(capture, filter);
const stream = ["flow", "src", "dst", "sequence_of", "sequence_id", "packets", "expected"];
const from = (row: { readonly [column: string]: unknown }) => `${row.src} → ${row.dst} (${row.sequence_of})`;

/** Datagrams that carry sequence numbers. */
export const datagramRules = {
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
    doubts: doubtsAbout("absence", "order"),
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
    doubts: doubtsAbout("order"),
    says: (row) => `${from(row)}: ${row.reordered} of ${many(row.packets, "packet")} came after a later one`,
    causes: ["several paths, queues or cores carry one stream"],
    advice: ["see whether the order is still right where they leave"],
    verify: (row) => callOn("datagramSequences", row),
  }),
} satisfies Rules<Subject>;
