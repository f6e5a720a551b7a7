import { z } from "zod";
import { bpftrace, defineProbe, Fragment, type Probe } from "../../lib/probes/index.js";
import type { PacketKind } from "../packet/fields.js";
import { type DropFilterParameters, dropFilters } from "./filters.js";
import { dropHook, reasonNotes } from "./hook.js";
import { type DropKey, dropKeys, keyParts, keyProgram, keyReader } from "./keys.js";
import { dropClause } from "./program.js";

/** Counted by these unless asked. */
const usual: readonly DropKey[] = ["reason", "site", "device"];

const Parameters = z.strictObject({
  ...dropFilters,
  // Not there where it is as usual: recordings of before have no such parameter.
  by: z
    .array(z.enum(dropKeys))
    .min(1)
    .refine((keys) => new Set(keys).size === keys.length, "names something twice")
    .refine((keys) => !(keys.includes("flow") && keys.includes("protocol")), "a flow has its protocol")
    .optional()
    .transform((keys) => (keys?.join() === usual.join() ? undefined : keys)),
});

/** What {@link dropSummary} can be asked, beside what every probe can. */
export interface DropSummaryParameters extends DropFilterParameters {
  /** By what to count, in the order of the columns. Default reason, site, device. */
  by?: DropKey[] | undefined;
}

/**
 * Counts the packets that a host's kernel drops, by reason, place and interface, or by what is asked for. The kernel counts; nothing is sent per packet, so
 * it is cheap at any rate: look here first.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `by` (default `["reason", "site", "device"]`; besides `"protocol"`, `"flow"`: addresses, ports and protocol,
 * `"stack"`: up to 16 kernel functions); and filters that all have to match: `src`, `dst` (source and destination: address or
 * prefix, IPv4 or IPv6), `ip` (either), `srcPort`, `dstPort`, `port` (either), `protocol` ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP" or a number), `device`,
 * `reason` (one or several).
 *
 * Columns, by default: `reason` (as that kernel names it; null before kernel 5.17), `site` (kernel function that dropped), `device` (interface;
 * null where the packet had none), `drops` (packets). `by` protocol: `protocol`; by flow: `ip_version`, `src`, `src_port`, `dst`, `dst_port`, `protocol`
 * (null is unknown or absent: a later fragment has no ports); by stack: `stack` (innermost function first).
 *
 * The kernel keeps up to 65,536 counts; packets of flows or stacks that find no room are in `provenance.lost`.
 *
 * Errors: as for every probe, see {@link defineProbe}; `UNKNOWN_DROP_REASON`.
 *
 * @example await dropSummary(host, { seconds: 10, dst: "198.51.100.0/24" })
 * @example await dropSummary(host, { seconds: 10, by: ["flow", "stack"] })
 */
export const dropSummary: Probe<DropSummaryParameters, "frame"> = defineProbe({
  name: "dropSummary",
  shape: "frame",
  revision: 1,
  measures: "packets that the kernel dropped, counted in the kernel by reason, site and device, or by more",
  parameters: Parameters,
  hooks: { required: [dropHook] },
  columns: ({ by = usual }) => [
    ...by.flatMap((key) => keyParts[key].columns),
    { name: "drops", type: "BIGINT", unit: "packets", meaning: "packets dropped" },
  ],
  countMap: "@drops",
  program({ by = usual, ...filters }, target) {
    const count = (kind: PacketKind) =>
      bpftrace`@matched = count(); @drops[${new Fragment(keyProgram(by, kind, target))}] = count();`;
    return dropClause(filters, target, {
      ipv4: count("ipv4"),
      ipv6: count("ipv6"),
      other: count("other"),
    });
  },
  decode(record, { target, parameters: { by = usual } }) {
    if (record.type !== "map" || record.name !== "@drops") return [];
    const valuesOf = keyReader(by, target);
    const counts = new Map<string, { values: ReturnType<typeof valuesOf>; drops: number }>();
    for (const [key, count] of record.entries) {
      const values = valuesOf(key);
      const place = JSON.stringify(values);
      const drops = (counts.get(place)?.drops ?? 0) + Number(count);
      counts.set(place, { values, drops });
    }
    return [...counts.values()]
      .map(({ values, drops }) => [...values, drops])
      .sort((a, b) => Number(b.at(-1)) - Number(a.at(-1)) || (String(a) < String(b) ? -1 : 1));
  },
  notes: reasonNotes,
});
