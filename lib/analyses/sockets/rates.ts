import { type Column, deriveTable, type Table } from "../../tables/index.js";
import { amount, bitRate, elapsed, flow, limit, ratio, socket, time } from "./columns.js";
import { checkedFilter, checkSamples, type SocketFilter } from "./options.js";
import { stepsOf } from "./steps.js";

const columns: Column[] = [
  time,
  flow,
  socket,
  elapsed,
  limit,
  bitRate(
    "acked_bits_per_second",
    "payload that the peer acknowledged since the sample before: the goodput of a sender",
  ),
  bitRate("received_bits_per_second", "payload received in order since the sample before"),
  bitRate("sent_bits_per_second", "payload sent since the sample before, what was sent again included"),
  bitRate("delivery_bits_per_second", "the kernel's last best sample of deliveries: no mean"),
  { name: "app_limited", type: "BOOLEAN", meaning: "that sample was held up by the application" },
  bitRate("pacing_bits_per_second", "rate at which it may send"),
  bitRate("max_pacing_bits_per_second", "SO_MAX_PACING_RATE; null: none"),
  ratio(
    "delivery_of_pacing",
    "delivery_bits_per_second of pacing_bits_per_second; null for an app_limited sample",
  ),
  bitRate("cwnd_bits_per_second", "what the congestion window allows: one window a round trip"),
  amount("rtt_us", "µs", "smoothed round trip time"),
  amount("min_rtt_us", "µs", "shortest round trip of some minutes"),
];

/**
 * Says of each sample at which rates the connection sent, delivered and received since the one before, and which limit governed it. Rates come from what the counters
 * grew by, `delivery_bits_per_second` and `pacing_bits_per_second` from the kernel: one is its last best sample, which may be above the link's rate in a burst, the other what it may do.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when the sample was taken, by the host's clock
 * - `flow` VARCHAR: own end → peer
 * - `socket` VARCHAR: the kernel's cookie of the socket
 * - `elapsed_us` BIGINT, µs: since the sample before
 * - `limit` VARCHAR: what held it up for the largest share of the time: application, send buffer, receiver window, congestion
 *   window, pacing, loss, path; null: unknown
 * - `acked_bits_per_second` DOUBLE, bit/s: payload that the peer acknowledged since the sample before: the goodput of a sender
 * - `received_bits_per_second` DOUBLE, bit/s: payload received in order since the sample before
 * - `sent_bits_per_second` DOUBLE, bit/s: payload sent since the sample before, what was sent again included
 * - `delivery_bits_per_second` DOUBLE, bit/s: the kernel's last best sample of deliveries: no mean
 * - `app_limited` BOOLEAN: that sample was held up by the application
 * - `pacing_bits_per_second` DOUBLE, bit/s: rate at which it may send
 * - `max_pacing_bits_per_second` DOUBLE, bit/s: SO_MAX_PACING_RATE; null: none
 * - `delivery_of_pacing` DOUBLE: delivery_bits_per_second of pacing_bits_per_second; null for an app_limited sample
 * - `cwnd_bits_per_second` DOUBLE, bit/s: what the congestion window allows: one window a round trip
 * - `rtt_us` BIGINT, µs: smoothed round trip time
 * - `min_rtt_us` BIGINT, µs: shortest round trip of some minutes
 *
 * @param samples as `socketSamples` or `openSocketSamples` return them.
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per socket and interval, in order of time.
 * @throws SkbookError `BAD_PARAMETER`.
 * @example await socketRates(samples, { from: 5, to: 10 })
 */
export async function socketRates(samples: Table, filter: SocketFilter = {}): Promise<Table> {
  checkSamples("socketRates", samples);
  return deriveTable("socketRates", {
    sources: { steps: await stepsOf(samples, checkedFilter("socketRates", filter)) },
    query: `
      SELECT *, ${["acked", "received", "sent"].map((what) => `8e6 * d_bytes_${what} / elapsed_us AS ${what}_bits_per_second`).join(", ")},
        CASE WHEN NOT app_limited THEN delivery_bits_per_second / pacing_bits_per_second END AS delivery_of_pacing,
        8e6 * cwnd_packets * mss_bytes / nullif(rtt_us, 0) AS cwnd_bits_per_second
      FROM steps WHERE elapsed_us IS NOT NULL ORDER BY time_ns, flow, socket`,
    columns,
    provenance: { ...samples.provenance, source: "socketRates" },
  });
}
