import { type Column, deriveTable, type Table } from "../../tables/index.js";
import { amount, flow, ratio, socket, time, word } from "./columns.js";
import { type BandwidthOptions, checkedBandwidth, checkSamples } from "./options.js";
import { stepsOf } from "./steps.js";

const columns: Column[] = [
  time,
  flow,
  socket,
  amount("recv_q_bytes", "bytes", "received, and not read by the application"),
  amount("rmem_bytes", "bytes", "receive memory in use"),
  amount("rcvbuf_bytes", "bytes", "limit of that"),
  ratio("receive_pressure", "rmem_bytes of rcvbuf_bytes: above 0.9 high, from 0.99 on exhausted"),
  amount("notsent_bytes", "bytes", "written and never sent yet"),
  amount("wmem_queued_bytes", "bytes", "send memory in use"),
  amount("sndbuf_bytes", "bytes", "limit of that"),
  ratio(
    "send_pressure",
    "wmem_queued_bytes of sndbuf_bytes; near 1 is usual for a sender that has more to send",
  ),
  word("pressure", "exhausted (from 0.99 on), high (above 0.9) or normal: the worse of both sides"),
  amount("backlog_bytes", "bytes", "arrived while the application held the socket"),
  amount("drops", "packets", "dropped by the socket since the sample before"),
  ratio("send_buffer_share", "share of the time since the sample before that the send buffer held it up"),
  ratio("receiver_window_share", "share of that time that the peer's window held it up"),
  amount("bdp_bytes", "bytes", "bandwidth × shortest round trip; null without a bandwidth"),
  amount("needed_bytes", "bytes", "buffer for that: twice, since half of it is overhead"),
  word("advice", "what to do about buffers that are below it and hold the transfer up; null: nothing"),
];

/** A buffer below what it needs, that held the transfer up meanwhile. */
const adviceSql = `
  CASE WHEN send_buffer_share > 0.1 AND (needed_bytes IS NULL OR sndbuf_bytes < needed_bytes)
      THEN 'sender: more send buffer (SO_SNDBUF, or leave it unset and raise the third number of net.ipv4.tcp_wmem)'
    WHEN receiver_window_share > 0.1 AND (needed_bytes IS NULL OR snd_wnd_bytes < bdp_bytes)
      THEN 'receiver: read faster where its Recv-Q is high, else more receive buffer (SO_RCVBUF, or unset and net.ipv4.tcp_rmem)'
    WHEN sndbuf_bytes < needed_bytes AND send_pressure > 0.9 THEN 'sender: the send buffer is below twice the BDP'
    WHEN rcvbuf_bytes < needed_bytes AND receive_pressure > 0.9 THEN 'receiver: the receive buffer is below twice the BDP' END`;

/**
 * Says of each sample how full the buffers of a socket were, what they dropped, and whether they are large enough for the path. Both sides of one socket are there: of a sender, its send
 * buffer counts, of a receiver its receive buffer.
 *
 * What is needed: bandwidth × shortest round trip in flight, and twice that as buffer, for half of a buffer is taken by overhead (tcp_adv_win_scale). Without `bandwidth` that is null: it is never guessed.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when the sample was taken, by the host's clock
 * - `flow` VARCHAR: own end → peer
 * - `socket` VARCHAR: the kernel's cookie of the socket
 * - `recv_q_bytes` BIGINT, bytes: received, and not read by the application
 * - `rmem_bytes` BIGINT, bytes: receive memory in use
 * - `rcvbuf_bytes` BIGINT, bytes: limit of that
 * - `receive_pressure` DOUBLE: rmem_bytes of rcvbuf_bytes: above 0.9 high, from 0.99 on exhausted
 * - `notsent_bytes` BIGINT, bytes: written and never sent yet
 * - `wmem_queued_bytes` BIGINT, bytes: send memory in use
 * - `sndbuf_bytes` BIGINT, bytes: limit of that
 * - `send_pressure` DOUBLE: wmem_queued_bytes of sndbuf_bytes; near 1 is usual for a sender that has more to send
 * - `pressure` VARCHAR: exhausted (from 0.99 on), high (above 0.9) or normal: the worse of both sides
 * - `backlog_bytes` BIGINT, bytes: arrived while the application held the socket
 * - `drops` BIGINT, packets: dropped by the socket since the sample before
 * - `send_buffer_share` DOUBLE: share of the time since the sample before that the send buffer held it up
 * - `receiver_window_share` DOUBLE: share of that time that the peer's window held it up
 * - `bdp_bytes` BIGINT, bytes: bandwidth × shortest round trip; null without a bandwidth
 * - `needed_bytes` BIGINT, bytes: buffer for that: twice, since half of it is overhead
 * - `advice` VARCHAR: what to do about buffers that are below it and hold the transfer up; null: nothing
 *
 * @param samples as `socketSamples` or `openSocketSamples` return them.
 * @param options.bandwidth what the path can carry, with its unit: `"25 Gbit/s"`. Default: unknown.
 * @returns a Table, one row per socket and sample, in order of time.
 * @throws SkbookError `BAD_PARAMETER`.
 * @example await socketBuffers(samples, { bandwidth: "10 Gbit/s" })
 */
export async function socketBuffers(samples: Table, options: BandwidthOptions = {}): Promise<Table> {
  checkSamples("socketBuffers", samples);
  const { filter, bandwidth } = checkedBandwidth("socketBuffers", options);
  return deriveTable("socketBuffers", {
    sources: { steps: await stepsOf(samples, filter) },
    views: {
      pressed: `
        SELECT * REPLACE (d_drops AS drops), rmem_bytes / nullif(rcvbuf_bytes, 0) AS receive_pressure, wmem_queued_bytes / nullif(sndbuf_bytes, 0) AS send_pressure,
          round(${bandwidth === null ? "NULL" : `CAST(${bandwidth / 8e6} AS DOUBLE)`} * min_rtt_us) AS bdp_bytes
        FROM steps`,
      measuredBuffers:
        "SELECT *, 2 * bdp_bytes AS needed_bytes, greatest(receive_pressure, send_pressure) AS worse FROM pressed",
    },
    query: `
      SELECT *, CASE WHEN worse >= 0.99 THEN 'exhausted' WHEN worse > 0.9 THEN 'high' WHEN worse IS NOT NULL THEN 'normal' END AS pressure, ${adviceSql} AS advice
      FROM measuredBuffers ORDER BY time_ns, flow, socket`,
    columns,
    provenance: { ...samples.provenance, source: "socketBuffers" },
  });
}
