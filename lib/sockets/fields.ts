import type { Column, Value } from "../tables/index.js";
import { bitsPerSecond, microseconds, whole } from "./units.js";

/** What `ss` prints about one socket, by token. */
export interface Tokens {
  /** `cwnd:10`, `rtt:0.1/0.05`, `pacing_rate 1Mbps`: by name. */
  named: ReadonlyMap<string, string>;
  /** `sack`, `app_limited`. */
  flags: ReadonlySet<string>;
  /** Whether there is tcp_info at all: TIME-WAIT has none, nor has `ss` without -i. */
  info: boolean;
  congestionControl: string | null;
}

/** A column of samples, and where it comes from. */
export interface Field extends Column {
  read(tokens: Tokens): Value;
  /** The generation since which a token that isn't there means 0; undefined: it means unknown. */
  zeroSince?: number;
  /** Both ends agree on it in their handshake: unknown until that is over. */
  agreed?: true;
}

const at = (text: string | undefined, index: number) => text?.split(/[/,]/)[index];
const inBrackets = (text: string | undefined, name: string) =>
  new RegExp(`(?:^|,)${name}(\\d+)(?:,|$)`).exec(text?.slice(1, -1) ?? "")?.[1];

function number(name: string, unit: string, token: string, meaning: string, zeroSince?: number): Field {
  return {
    ...{ name, type: "BIGINT", unit, meaning, ...(zeroSince === undefined ? {} : { zeroSince }) },
    read: ({ named }) => whole(named.get(token)),
  };
}

function time(name: string, token: string, meaning: string, index = 0, zeroSince?: number): Field {
  return {
    ...{ name, type: "BIGINT", unit: "µs", meaning, ...(zeroSince === undefined ? {} : { zeroSince }) },
    read: ({ named }) => microseconds(at(named.get(token)?.replace(/\(.*$/, ""), index)),
  };
}

function rate(name: string, token: string, meaning: string, index = 0): Field {
  return {
    ...{ name, type: "BIGINT", unit: "bit/s", meaning },
    read: ({ named }) => bitsPerSecond(at(named.get(token), index)),
  };
}

/** What `skmem` has behind a letter; null where it has none such. */
export function memoryOf({ named }: Tokens, letter: string): Value {
  return whole(inBrackets(named.get("skmem"), letter));
}

function memory(name: string, letter: string, meaning: string, unit = "bytes"): Field {
  return {
    ...{ name, type: "BIGINT", unit, meaning },
    read: (tokens) => memoryOf(tokens, letter),
  };
}

function flag(name: string, token: string, meaning: string, knownSince: number): Field {
  return {
    ...{ name, type: "BOOLEAN", meaning, zeroSince: knownSince },
    read: ({ flags }) => (flags.has(token) ? true : null),
  };
}

const agreed = (field: Field): Field => ({ ...field, agreed: true });

const scale = (name: string, index: number, meaning: string): Field => ({
  ...{ name, type: "INTEGER", meaning },
  read: ({ named }) => whole(at(named.get("wscale"), index)),
});

/** What tcp_info and the socket's memory say, in the order of the columns. */
export const fields: readonly Field[] = [
  memory("rmem_bytes", "r", "receive memory in use: data with its overhead"),
  memory("rcvbuf_bytes", "rb", "limit of rmem_bytes: SO_RCVBUF, or what autotuning made of it"),
  memory("wmem_queued_bytes", "w", "send memory in use: data in flight and not sent, with its overhead"),
  memory("sndbuf_bytes", "tb", "limit of wmem_queued_bytes: SO_SNDBUF, or what autotuning made of it"),
  memory("wmem_device_bytes", "t", "handed to the queue of a device, and not sent by it yet"),
  memory("backlog_bytes", "bl", "arrived while the application held the socket"),
  memory("drops", "d", "packets that the socket dropped", "packets"),
  {
    ...{ name: "congestion_control", type: "VARCHAR", meaning: "algorithm of the congestion window" },
    read: ({ congestionControl }) => congestionControl,
  },
  agreed(flag("timestamps", "ts", "timestamps were agreed on", 0)),
  agreed(flag("sack", "sack", "selective acks were agreed on", 0)),
  agreed(flag("ecn", "ecn", "ECN was agreed on", 0)),
  agreed({
    ...{ name: "window_scaling", type: "BOOLEAN", meaning: "window scaling was agreed on", zeroSince: 0 },
    read: ({ named }) => (named.has("wscale") ? true : null),
  }),
  scale("peer_window_scale", 0, "bits by which the peer's windows are shifted"),
  scale("window_scale", 1, "bits by which its own windows are shifted"),
  time("rto_us", "rto", "retransmission timeout; null also where it is exactly 3 s"),
  number("backoff", "timeouts", "backoff", "times that the timeout was doubled", 0),
  time("rtt_us", "rtt", "smoothed round trip time; of a pure receiver it is old"),
  time("rtt_deviation_us", "rtt", "mean deviation of the round trip time", 1),
  time("min_rtt_us", "minrtt", "shortest round trip of some minutes (tcp_min_rtt_wlen)"),
  time("rcv_rtt_us", "rcv_rtt", "round trip as the receive side estimates it, coarse"),
  time("ato_us", "ato", "delay of delayed acks"),
  number("mss_bytes", "bytes", "mss", "payload of a full segment, options taken off"),
  number("path_mtu_bytes", "bytes", "pmtu", "MTU of the path as the socket knows it"),
  number("rcv_mss_bytes", "bytes", "rcvmss", "segment size of the peer, guessed from what came"),
  number("advertised_mss_bytes", "bytes", "advmss", "MSS that it offered"),
  number("cwnd_packets", "packets", "cwnd", "congestion window"),
  number("ssthresh_packets", "packets", "ssthresh", "slow start threshold; null: none yet"),
  number("unacked_packets", "packets", "unacked", "sent and not acknowledged", 0),
  number("sacked_packets", "packets", "sacked", "of these, acknowledged selectively", 0),
  number("lost_packets", "packets", "lost", "of these, taken for lost", 0),
  {
    ...{ name: "retrans_out_packets", type: "BIGINT", unit: "packets", zeroSince: 0 },
    meaning: "of these, sent again and not acknowledged",
    read: ({ named }) => whole(at(named.get("retrans"), 0)),
  },
  {
    ...{ name: "retrans_packets", type: "BIGINT", unit: "packets", zeroSince: 0 },
    meaning: "sent again since the connection began",
    read: ({ named }) => whole(at(named.get("retrans"), 1)),
  },
  number("reordering_packets", "packets", "reordering", "reordering that it expects; null: 3, the default"),
  number("reordering_seen", "events", "reord_seen", "times that reordering was seen", 4),
  number("dsack_dups", "segments", "dsack_dups", "that the peer said came twice: sent again for nothing", 4),
  number("snd_wnd_bytes", "bytes", "snd_wnd", "the peer's receive window: what it may send", 5),
  number("rcv_wnd_bytes", "bytes", "rcv_wnd", "its own receive window, as announced", 6),
  number(
    "rcv_space_bytes",
    "bytes",
    "rcv_space",
    "own receive side: what the application reads in a round trip",
  ),
  number(
    "rcv_ssthresh_bytes",
    "bytes",
    "rcv_ssthresh",
    "own receive side: limit of the window that is announced",
  ),
  number("notsent_bytes", "bytes", "notsent", "written by the application and never sent yet", 2),
  number("bytes_sent", "bytes", "bytes_sent", "sent, what was sent again included", 4),
  number("bytes_retrans", "bytes", "bytes_retrans", "of these, sent again", 4),
  number("bytes_acked", "bytes", "bytes_acked", "acknowledged by the peer, the SYN included", 1),
  number("bytes_received", "bytes", "bytes_received", "received in order", 1),
  number("segs_out", "segments", "segs_out", "segments sent, acks included", 1),
  number("segs_in", "segments", "segs_in", "segments received, acks included", 1),
  number("data_segs_out", "segments", "data_segs_out", "segments sent with data", 2),
  number("data_segs_in", "segments", "data_segs_in", "segments received with data", 2),
  number("delivered_packets", "packets", "delivered", "that reached the peer, by its acks", 4),
  number("delivered_ce_packets", "packets", "delivered_ce", "of these, with a congestion mark", 4),
  number("rcv_ooo_packets", "packets", "rcv_ooopack", "received out of order", 5),
  number("rehash", "events", "rehash", "times that it chose another path (flow label, hash)", 6),
  rate("pacing_bits_per_second", "pacing_rate", "rate at which it may send; payload with its headers"),
  rate("max_pacing_bits_per_second", "pacing_rate", "SO_MAX_PACING_RATE; null: none", 1),
  rate("delivery_bits_per_second", "delivery_rate", "rate of the last best sample of deliveries: no mean"),
  flag("app_limited", "app_limited", "the application, not the network, gave that sample its rate", 3),
  time("busy_us", "busy", "it had data to send or to be acknowledged, since it began", 0, 3),
  time("rwnd_limited_us", "rwnd_limited", "of these, held up by the peer's window", 0, 3),
  time("sndbuf_limited_us", "sndbuf_limited", "of these, held up by its own send buffer", 0, 3),
  time("last_sent_us", "lastsnd", "since it sent data", 0, 0),
  time("last_received_us", "lastrcv", "since it received data", 0, 0),
  time("last_ack_us", "lastack", "since it received an ack", 0, 0),
  {
    ...{ name: "bbr_bits_per_second", type: "BIGINT", unit: "bit/s" },
    meaning: "BBR's estimate of the bottleneck",
    read: ({ named }) => bitsPerSecond(/bw:([^,)]+)/.exec(named.get("bbr") ?? "")?.[1]),
  },
];

/** The value of a field, 0 and unknown apart. @param opening the handshake is under way. */
export function readField(field: Field, tokens: Tokens, generation: number, opening: boolean): Value {
  if (opening && field.agreed) return null;
  const value = field.read(tokens);
  if (value !== null || field.zeroSince === undefined) return value;
  if (!tokens.info || generation < field.zeroSince) return null;
  return field.type === "BOOLEAN" ? false : 0;
}
