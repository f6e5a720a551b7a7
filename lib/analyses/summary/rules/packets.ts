import { type Rules, rule } from "../../../findings/index.js";
import { callOf, doubtsAbout, many, type Subject } from "../../subject/index.js";
import { fragmentedPackets } from "../fragments.js";
import { qualityChecks } from "../quality.js";

/** Fragments and checksums. */
export const packetRules = {
  FRAGMENTS_MISSING: rule({
    title: "fragments are missing",
    category: "reliability",
    thresholds: {},
    of: ({ capture, filter }: Subject) => fragmentedPackets(capture, filter),
    grades: () => [["MEDIUM", "complete = false"]],
    shows: ["start_ns", "src", "dst", "fragment_id", "fragments", "wire_bytes", "first", "last", "complete"],
    measure: "fragments",
    doubts: doubtsAbout("absence"),
    says: (row) => `${row.src} → ${row.dst}: a packet of ${many(row.fragments, "fragment")} is not whole`,
    causes: [
      "one fragment was lost, and with it the whole packet",
      "a firewall or load balancer drops fragments without ports",
      "a capture filter by port: only first fragments have ports",
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
