import { type EvidenceRow, type Rules, rule, type Severity } from "../../../findings/index.js";
import { type Limit, shareColumn } from "../steps.js";
import { percent, type SocketSubject, setRate, size, speed } from "../subject.js";

const connections = (subject: SocketSubject) => subject.connections();
const verify = (call: string) => (row: EvidenceRow) =>
  `await ${call}(samples, { flow: ${JSON.stringify(row.flow)} })`;

interface Held {
  limit: Limit;
  title: string;
  severity: Severity;
  /** Which connections it is looked for in, in SQL. Default: all. */
  among?: string;
  shows: string[];
  says(row: EvidenceRow): string;
  causes: string[];
  advice: string[];
}

const shares = {
  share: { value: 0.1, unit: "of the time", meaning: "from so large a share on" },
  high: { value: 0.5, unit: "of the time", meaning: "one step worse from so large a share on" },
};
const worse: Record<Severity, Severity> = {
  INFO: "INFO",
  LOW: "MEDIUM",
  MEDIUM: "HIGH",
  HIGH: "CRITICAL",
  CRITICAL: "CRITICAL",
};

/** A rule on what held connections up. */
function held({ limit, title, severity, among = "true", shows, says, causes, advice }: Held) {
  const share = shareColumn(limit);
  return rule({
    title,
    category: severity === "INFO" ? "information" : "performance",
    thresholds: shares,
    of: connections,
    grades: (limits) => [
      [worse[severity], `${among} AND ${share} >= ${limits.high}`],
      [severity, `${among} AND ${share} >= ${limits.share}`],
    ],
    shows: ["flow", "limit", share, "acked_bits_per_second", ...shows],
    measure: share,
    doubts: ["SOCKET_SAMPLES_FEW"],
    says: (row) =>
      `${row.flow}: ${says(row)} for ${percent(row[share])} of the time, at ${speed(row.acked_bits_per_second)}`,
    causes,
    advice,
    verify: verify("socketWindows"),
  });
}

/** What holds transfers up, by side. */
export const limitRules = {
  SOCKET_APPLICATION_LIMITED: held({
    limit: "application",
    title: "the sending application gives no more",
    severity: "INFO",
    // A receiver has nothing to send: that holds nothing up.
    among: "role IS DISTINCT FROM 'receiver'",
    shows: [],
    says: () => "the application gave nothing more to send",
    causes: ["it waits for something else: a disk, an answer, a lock", "it has no more to send"],
    advice: [
      "nothing in the network makes it faster; look at the sending process (threadCpu, its own profile)",
    ],
  }),
  SOCKET_SEND_BUFFER_LIMITED: held({
    limit: "send buffer",
    title: "the send buffer is too small",
    severity: "MEDIUM",
    shows: ["sndbuf_bytes", "send_pressure", "bdp_bytes"],
    says: (row) => `the send buffer (${size(row.sndbuf_bytes)}) was full of what is in flight`,
    causes: [
      "SO_SNDBUF is set, which turns autotuning off",
      "the third number of net.ipv4.tcp_wmem is too small for the path",
    ],
    advice: ["leave SO_SNDBUF unset, or make it twice the BDP; then see net.ipv4.tcp_wmem"],
  }),
  SOCKET_RECEIVER_LIMITED: held({
    limit: "receiver window",
    title: "the receiver's window allows no more",
    severity: "MEDIUM",
    shows: ["snd_wnd_bytes", "window_use", "window_scaling", "bdp_bytes"],
    says: () => "the peer's window allowed no more",
    causes: [
      "the receiving application reads too slowly: its Recv-Q is high",
      "its receive buffer is too small: SO_RCVBUF, net.ipv4.tcp_rmem",
      "window scaling is off",
    ],
    advice: ["look at the other end: socketPipeline(sender, receiver) says which of them it is"],
  }),
  SOCKET_CWND_LIMITED: held({
    limit: "congestion window",
    title: "the congestion window is full",
    severity: "LOW",
    shows: ["cwnd_packets", "cwnd_use", "min_rtt_us", "retransmissions", "congestion_control"],
    says: (row) => `the congestion window (${Math.round(Number(row.cwnd_packets))} packets) was full`,
    causes: [
      "it is still growing: the transfer is young, or idled",
      "it fell after a loss, and grows slowly over a long path",
    ],
    advice: ["see how it changes: socketWindows; what made it fall: socketRetransmissions"],
  }),
  SOCKET_PACING_LIMITED: held({
    limit: "pacing",
    title: "a set rate limits the sender",
    severity: "MEDIUM",
    shows: ["max_pacing_bits_per_second", "queue_bits_per_second", "queue_rate_by"],
    says: (row) => `its own limit of ${setRate(row)} was reached`,
    causes: [
      "SO_MAX_PACING_RATE, set by the application",
      "maxrate of the queueing discipline fq at the sender",
    ],
    advice: ["see what sets it: the application's own limit of its rate, or `tc qdisc show` at the sender"],
  }),
  SOCKET_LOSS_LIMITED: held({
    limit: "loss",
    title: "losses hold transfers up",
    severity: "MEDIUM",
    shows: ["retransmissions", "resent_percent", "spurious_percent", "cwnd_packets"],
    says: () => "what was lost was being sent again",
    causes: ["packets are dropped on the way: a queue runs over, a NIC or a link loses them"],
    advice: [
      "find where: dropReport and pathSummary on the hosts of the path; socketRetransmissions says when",
    ],
  }),
  SOCKET_PATH_LIMITED: held({
    limit: "path",
    title: "the path carries no more",
    severity: "INFO",
    shows: ["utilization", "min_rtt_us", "rtt_p50_us", "congestion_control"],
    says: () => "neither end held it up, but the path",
    causes: [
      "this is the rate of the narrowest link or shaper, or of a busy CPU in between",
      "other flows share its queue",
    ],
    advice: [
      "hold it against what the path should carry (bandwidth); look for shapers (tc -s qdisc) and busy CPUs (softirqSummary)",
    ],
  }),
} satisfies Rules<SocketSubject>;
