import { type Rules, rule } from "../../../findings/index.js";
import { callOf, callOn, doubtsAbout, many, type Subject, took } from "../../subject/index.js";
import { fragmentedPackets } from "../fragments.js";
import { routingLoops } from "../loops.js";
import { qualityChecks } from "../quality.js";

/** Fragments, checksums and what goes in a circle. */
export const packetRules = {
  ROUTING_LOOP: rule({
    title: "packets go in a circle",
    category: "connectivity",
    thresholds: {},
    of: routingLoops,
    grades: () => [["HIGH", "true"]],
    shows: [
      ...["frame", "time_ns", "flow", "src", "dst", "packets", "passes", "first_ttl", "last_ttl"],
      "duration_ns",
    ],
    measure: "packets",
    doubts: [],
    says: (row) =>
      `${row.src} → ${row.dst}: ${many(row.packets, "packet")} passed here again and again, one of them ${many(row.passes, "time")} within ${took(row.duration_ns)}, its TTL falling from ${row.first_ttl} to ${row.last_ttl}`,
    causes: [
      "two routers have the route to each other: one lost it and has only its default, or a prefix is announced that nobody serves",
      "a bridge or tunnel leads back to where the packet came from",
    ],
    advice: [
      "compare the routes to the destination on the routers whose MAC addresses the packets have: packetsOf()",
    ],
    verify: (row) => callOn("packetsOf", row),
  }),
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
    doubts: doubtsAbout("whole"),
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
