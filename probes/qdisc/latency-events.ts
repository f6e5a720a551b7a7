import { z } from "zod";
import { bpf, defineRows, field, type Probe, packetFields } from "../../lib/probes/index.js";
import type { QdiscLatencyEventsParameters } from "../parameters.js";
import { endings, places, wait, waitingClauses, waitingFilters, waitingHooks } from "./waiting.js";

const names = Object.keys(endings);
const ns = bpf`$ns`;

/**
 * Shows packets that waited long on their way out of a device, one row each: see {@link qdiscLatencySummary}, which counts all of them. Each packet out costs the host about a microsecond, a row some more.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `slowerThanUs` (default 1000: those that waited so many microseconds, or more); `device`; filters of packets, as {@link dropEvents} has
 * them; `maxEvents` (default 10,000: rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `device` VARCHAR: network interface that the packets leave by
 * - `queue` INTEGER: its transmit queue, from 0, as in /sys/class/net/DEVICE/queues/tx-N
 * - `qdisc` VARCHAR: kind of that queue's discipline, as `tc qdisc` shows it; noqueue where it has none
 * - `ending` VARCHAR: queued: until the driver was given what a queueing discipline had held; bypassed: until the driver was
 *   given what none had held, since it was empty, or there is none; dropped: until it was dropped on that way
 * - `waited_ns` BIGINT, ns: since it was handed over
 * - `ip_version` INTEGER: 4 or 6; null for what isn't IP
 * - `src` VARCHAR: source address
 * - `src_port` INTEGER: TCP, UDP or SCTP source port
 * - `dst` VARCHAR: destination address
 * - `dst_port` INTEGER: TCP, UDP or SCTP destination port
 * - `protocol` VARCHAR: IP protocol, or the EtherType of what isn't IP
 * - `length_bytes` INTEGER, bytes: IP packet by its own header; frame where it isn't IP
 * - `cpu` INTEGER: CPU that it left by
 *
 * `time_ns` is when the waiting ended. Rows are in the order of that.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await qdiscLatencyEvents(host, { seconds: 10, device: "eth0", slowerThanUs: 5_000 })
 */
export const qdiscLatencyEvents: Probe<QdiscLatencyEventsParameters, "table"> = defineRows({
  name: "qdiscLatencyEvents",
  revision: 1,
  measures: "packets that waited long in queueing disciplines, one row each",
  hooks: waitingHooks,
  summary: "qdiscLatencySummary",
  mapKeys: 32_768,
  filters: waitingFilters,
  parameters: {
    slowerThanUs: z
      .int()
      .min(0)
      .max(60_000_000)
      .default(1_000)
      .describe("packets that waited so long or longer, in microseconds"),
  },
  fields: [
    places.device,
    places.queue,
    places.qdisc,
    field({
      name: "ending",
      type: "VARCHAR",
      meaning: Object.entries(endings)
        .map(([name, meaning]) => `${name}: ${meaning}`)
        .join("; "),
      say: () => wait.how,
      read: ([how = ""]) => names[Number(how)] ?? null,
    }),
    field({
      name: "waited_ns",
      type: "BIGINT",
      unit: "ns",
      meaning: "since it was handed over",
      say: () => ns,
    }),
    ...packetFields,
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that it left by", say: () => bpf`cpu` }),
  ],
  program: (writing) => {
    const { parameters, anyPacket, emit } = writing;
    return waitingClauses(writing, Object.keys(places), {
      ended: (at) => bpf`if (${wait.ended} < ${wait.began}) { return; }
      ${ns} = ${wait.ended} - ${wait.began};
      if (${ns} < ${parameters.slowerThanUs * 1_000}) { return; }
      ${anyPacket(at, { skb: bpf`$skb` }, emit(at))}`,
    });
  },
});
