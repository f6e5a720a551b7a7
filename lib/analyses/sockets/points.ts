import type { Column } from "../../tables/index.js";
import { amount, ratio, word } from "./columns.js";
import type { Limit } from "./steps.js";

/** A place of a transfer where it can be held up. */
export interface Point {
  side: "sender" | "receiver";
  number: number;
  name: string;
  /** How much it is in use, 0 to 1, in SQL over `sent` (the sender's connection) and `got` (the receiver's). */
  pressure: string;
  /** The part of the time that it held the transfer up, where it is known. */
  share: string;
  /** In SQL: when it is how bad, the worst first. */
  critical: string;
  warning: string;
  info: string;
  /** What was measured, in SQL. */
  evidence: string;
  diagnosis: string;
  action: string;
}

const rounded = (value: string) => `coalesce(CAST(round(${value}, 2) AS VARCHAR), 'unknown')`;
const bytes = (value: string) => `coalesce(CAST(CAST(${value} AS BIGINT) AS VARCHAR), 'unknown') || ' bytes'`;

/** A receiver that leaves so much of its buffer unread is slow. */
export const slowReaderSql =
  "coalesce(got.recv_q_bytes >= 0.25 * got.rcvbuf_bytes AND got.receive_pressure >= 0.7, false)";

/** From the sending application to the reading one. */
export const points: readonly Point[] = [
  {
    side: "sender",
    number: 1,
    name: "application",
    pressure: "sent.application_share",
    share: "sent.application_share",
    critical: "false",
    warning: "false",
    info: "sent.application_share > 0.05",
    evidence: `'nothing to send for ' || ${rounded("sent.application_share")} || ' of the time'`,
    diagnosis: "the sending application gives no more",
    action: "look at the sending process: threadCpu(sender), its own profile; the network makes it no faster",
  },
  {
    side: "sender",
    number: 2,
    name: "socket buffer",
    pressure: "sent.send_pressure",
    share: "sent.send_buffer_share",
    critical: "sent.send_buffer_share >= 0.5",
    warning: "sent.send_buffer_share >= 0.1",
    info: "sent.send_pressure > 0.9",
    evidence: `'in use ' || ${rounded("sent.send_pressure")} || ' of ' || ${bytes("sent.sndbuf_bytes")} || ' (95th percentile)'`,
    diagnosis: "the send buffer is too small for what is in flight",
    action: "leave SO_SNDBUF unset; raise the third number of net.ipv4.tcp_wmem at the sender",
  },
  {
    side: "sender",
    number: 3,
    name: "write queue",
    pressure: "sent.waiting_part",
    share: "NULL",
    critical: "false",
    warning: "false",
    info: "sent.waiting_part > 0.5",
    evidence: `'of what the application wrote and the peer has not acknowledged, ' || ${rounded("sent.waiting_part")} || ' was not sent yet'`,
    diagnosis: "written data waits in the sender: something behind this point holds it up",
    action: "look at the points that follow",
  },
  {
    side: "sender",
    number: 4,
    name: "congestion window",
    pressure: "sent.cwnd_use",
    share: "sent.congestion_window_share",
    critical: "false",
    warning: "sent.congestion_window_share >= 0.1",
    info: "sent.cwnd_use >= 0.95",
    evidence: `'in use ' || ${rounded("sent.cwnd_use")} || ' of ' || ${rounded("sent.cwnd_packets")} || ' packets on average'`,
    diagnosis: "the congestion window is full",
    action: "see whether it grows or fell: socketWindows(sender), socketRetransmissions(sender)",
  },
  {
    side: "sender",
    number: 5,
    name: "receiver window",
    pressure: "sent.window_use",
    share: "sent.receiver_window_share",
    critical: "sent.receiver_window_share >= 0.5",
    warning: "sent.receiver_window_share >= 0.1",
    info: "sent.window_use >= 0.95",
    evidence: `'waited for it ' || ${rounded("sent.receiver_window_share")} || ' of the time; in use ' || ${rounded("sent.window_use")}`,
    diagnosis: "the peer's window allows no more: its points 2 to 4 say why",
    action: "look at the receiver: its reader, then its buffer",
  },
  {
    side: "sender",
    number: 6,
    name: "path",
    pressure: "coalesce(sent.utilization, sent.path_share + sent.loss_share + sent.pacing_share)",
    share: "sent.path_share + sent.loss_share + sent.pacing_share",
    critical: "sent.resent_percent > 5",
    warning: "sent.loss_share >= 0.1 OR sent.pacing_share >= 0.1 OR sent.resent_percent > 1",
    info: "sent.path_share >= 0.1",
    evidence: `'shares of the time: path ' || ${rounded("sent.path_share")} || ', loss ' || ${rounded("sent.loss_share")} || ', pacing ' || ${rounded("sent.pacing_share")} || '; sent again ' || ${rounded("sent.resent_percent")} || ' %; of the bandwidth ' || ${rounded("sent.utilization")}`,
    diagnosis: "the path holds it up: its rate, its losses, or a rate that was set",
    action:
      "losses: dropReport on the hosts of the path; a rate: shapers (tc -s qdisc), SO_MAX_PACING_RATE, the link",
  },
  {
    side: "receiver",
    number: 1,
    name: "arrival",
    pressure: "got.disorder_part",
    share: "NULL",
    critical: "false",
    warning: "got.disorder_part > 0.05",
    info: "got.disorder_part > 0.01",
    evidence: `'out of order ' || ${rounded("got.disorder_part")} || ' of what came'`,
    diagnosis: "what comes has holes or is out of order",
    action:
      "see the sender's socketRetransmissions; find where packets are lost: pathSummary on the hosts of the path",
  },
  {
    side: "receiver",
    number: 2,
    name: "receive buffer",
    pressure: "got.receive_pressure",
    share: "CASE WHEN NOT slow THEN sent.receiver_window_share END",
    critical: "NOT slow AND sent.receiver_window_share >= 0.5",
    warning: "NOT slow AND sent.receiver_window_share >= 0.1",
    info: "got.receive_pressure > 0.9",
    evidence: `'in use ' || ${rounded("got.receive_pressure")} || ' of ' || ${bytes("got.rcvbuf_bytes")} || ' (95th percentile); window scaling ' || CASE WHEN got.window_scaling THEN 'on' WHEN got.window_scaling = false THEN 'off' ELSE 'unknown' END`,
    diagnosis: "the window that the receive buffer gives is too small",
    action:
      "leave SO_RCVBUF unset; raise the third number of net.ipv4.tcp_rmem at the receiver; turn window scaling on",
  },
  {
    side: "receiver",
    number: 3,
    name: "socket queue",
    pressure: "got.recv_q_bytes / nullif(got.rcvbuf_bytes, 0)",
    share: "NULL",
    critical: "got.drops > 0 AND got.receive_pressure >= 0.9",
    warning: "false",
    info: "got.recv_q_bytes >= 0.1 * got.rcvbuf_bytes OR got.drops > 0",
    evidence: `'unread ' || ${bytes("got.recv_q_bytes")} || ' on average; dropped ' || coalesce(CAST(got.drops AS VARCHAR), 'unknown')`,
    diagnosis: "data lies unread, or the socket drops",
    action: "dropEvents(receiver) with its port says why it drops; else look at the reader",
  },
  {
    side: "receiver",
    number: 4,
    name: "reader",
    pressure:
      "CASE WHEN got.recv_q_bytes IS NULL THEN NULL WHEN slow THEN greatest(coalesce(sent.receiver_window_share, 0), got.unread_part) ELSE got.unread_part END",
    share: "CASE WHEN slow THEN sent.receiver_window_share END",
    critical: "slow AND sent.receiver_window_share >= 0.5",
    warning: "slow",
    info: "got.unread_part > 0.5",
    evidence: `'data lay unread in ' || ${rounded("got.unread_part")} || ' of the samples, ' || ${bytes("got.recv_q_bytes")} || ' on average'`,
    diagnosis: "the receiving application reads too slowly",
    action:
      "look at the reading process: threadCpu(receiver), runQueueSummary(receiver); a larger buffer only delays it",
  },
];

/** The place that a limit is at. Of the receiver's window, the receiver says whether its reader or its buffer makes it small. */
export function placeOf(limit: Limit, slowReader: boolean): { side: Point["side"]; name: string } {
  switch (limit) {
    case "application":
      return { side: "sender", name: "application" };
    case "send buffer":
      return { side: "sender", name: "socket buffer" };
    case "congestion window":
      return { side: "sender", name: "congestion window" };
    case "receiver window":
      return { side: "receiver", name: slowReader ? "reader" : "receive buffer" };
    default:
      return { side: "sender", name: "path" };
  }
}

/** Columns of `points`. */
export const pointColumns: Column[] = [
  word("side", "sender or receiver"),
  { name: "number", type: "INTEGER", meaning: "place on its side, in the direction of the data" },
  word("point", "name of the place"),
  ratio("pressure", "how much it is in use, 0 to 1; null: unknown"),
  ratio("share", "part of the time that it held the transfer up; null: unknown, or not told apart"),
  word("severity", "CRITICAL, HIGH, INFO; null: nothing to say"),
  word("role", "primary or secondary, by the shares of time; null: neither"),
  word("evidence", "what was measured"),
  word("diagnosis", "what it means; null: nothing to say"),
  word("action", "what to do; null: nothing"),
];

export const actionColumns: Column[] = [
  amount("rank", "", "the first thing to do is 1"),
  word("side", "where"),
  word("point", "what for"),
  word("action", "what to do"),
];
