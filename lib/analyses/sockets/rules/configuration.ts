import { type Rules, rule } from "../../../findings/index.js";
import { word } from "../columns.js";
import { connectionColumns, queueReached } from "../connections.js";
import { ratePerConnection } from "../steps.js";
import { percent, type SocketSubject, size, speed } from "../subject.js";

const connections = (subject: SocketSubject) => subject.connections();
const doubts = ["SOCKET_SAMPLES_FEW"];
const verify = (call: string) => (row: { readonly [column: string]: unknown }) =>
  `await ${call}(samples, { flow: ${JSON.stringify(row.flow)} })`;

/** Connections beside a setting of the kernel, as `setting` and `set_to`; none where the host doesn't say it. */
function beside(setting: string) {
  return (subject: SocketSubject) => {
    const value = subject.settings[`net/ipv4/${setting}`];
    const where = value === undefined ? "WHERE false" : "";
    const quoted = (value ?? "").replaceAll("'", "''");
    return subject.table(
      "connections",
      `SELECT *, 'net.ipv4.${setting}' AS setting, '${quoted}' AS set_to FROM connections ${where}`,
      [...connectionColumns, word("setting", "of the kernel"), word("set_to", "what it is set to there")],
    );
  };
}

/** The last number of a setting of three, in SQL. */
const most = "TRY_CAST(split_part(set_to, ' ', 3) AS BIGINT)";

const below = {
  factor: { value: 2, unit: "× BDP", meaning: "what a buffer needs: half of it is overhead" },
};

/** What is set so that it explains a limit; read, never changed. */
export const configurationRules = {
  SOCKET_BANDWIDTH_WRONG: rule({
    title: "the bandwidth given is wrong",
    category: "capture",
    thresholds: {
      most: { value: 1.05, unit: "of the bandwidth", meaning: "above it the bandwidth can't be right" },
    },
    of: connections,
    grades: ({ most }) => [["HIGH", `utilization > ${most}`]],
    shows: ["flow", "utilization", "acked_bits_per_second", "received_bits_per_second", "bdp_bytes"],
    measure: "utilization",
    doubts: [],
    says: (row) =>
      `${row.flow}: it carried ${speed(Math.max(Number(row.acked_bits_per_second), Number(row.received_bits_per_second)))}, ${percent(row.utilization)} of the bandwidth given`,
    causes: [
      "the bandwidth is another link's, or the unit is wrong",
      "both ends are on one host: there is no link between them",
    ],
    advice: ["give what the narrowest link of the path carries; BDP and utilization are wrong until then"],
    verify: verify("socketRates"),
  }),
  SOCKET_QUEUE_RATE: rule({
    title: "the sender's own queueing discipline sets the rate",
    category: "configuration",
    thresholds: {},
    of: connections,
    // What limits one connection alone is a limit of its own: SOCKET_PACING_LIMITED.
    grades: () => [["MEDIUM", `${queueReached} AND NOT ${ratePerConnection}`]],
    shows: [
      "flow",
      "queue_rate_by",
      "queue_bits_per_second",
      "queue_carries_bits_per_second",
      "acked_bits_per_second",
      "path_share",
    ],
    measure: "acked_bits_per_second",
    doubts: [],
    says: (row) =>
      `${row.flow}: ${row.queue_rate_by} lets out ${speed(row.queue_bits_per_second)}, and carries ${speed(row.queue_carries_bits_per_second)} of the connections here, ${speed(row.acked_bits_per_second)} of this one`,
    causes: ["a shaper on the device that it leaves by"],
    advice: ["see `tc -s qdisc show` at the sender, and who set it: no host of the path can make up for it"],
    verify: verify("socketRates"),
  }),
  SOCKET_SCALING_OFF: rule({
    title: "window scaling is off",
    category: "configuration",
    thresholds: {},
    of: connections,
    grades: () => [
      ["HIGH", "window_scaling = false AND receiver_window_share >= 0.1"],
      ["MEDIUM", "window_scaling = false"],
    ],
    shows: [
      "flow",
      "window_scaling",
      "receiver_window_share",
      "snd_wnd_bytes",
      "acked_bits_per_second",
      "min_rtt_us",
    ],
    measure: "receiver_window_share",
    doubts: [],
    says: (row) =>
      `${row.flow}: no window is above 64 KiB${row.min_rtt_us === null ? "" : `, so no more than ${speed((8 * 65_535e6) / Number(row.min_rtt_us))} at the shortest round trip`}`,
    causes: ["net.ipv4.tcp_window_scaling is 0 at one end", "a middlebox takes the option away"],
    advice: [
      "see net.ipv4.tcp_window_scaling at both ends, and the SYNs: tcpHandshakes of a capture at each",
    ],
    verify: verify("socketWindows"),
  }),
  SOCKET_BUFFER_BELOW_BDP: rule({
    title: "a buffer is too small for the path",
    category: "configuration",
    thresholds: below,
    of: connections,
    grades: ({ factor }) => [
      ["MEDIUM", `role = 'sender' AND sndbuf_bytes < ${factor} * bdp_bytes AND send_buffer_share >= 0.05`],
      ["MEDIUM", `role = 'sender' AND snd_wnd_bytes < bdp_bytes AND receiver_window_share >= 0.05`],
      ["LOW", `role = 'receiver' AND rcvbuf_bytes < ${factor} * bdp_bytes`],
    ],
    shows: [
      "flow",
      "role",
      "bdp_bytes",
      "sndbuf_bytes",
      "rcvbuf_bytes",
      "snd_wnd_bytes",
      "send_buffer_share",
      "receiver_window_share",
    ],
    measure: "bdp_bytes",
    doubts: [],
    says: (row) =>
      `${row.flow}: the path holds ${size(row.bdp_bytes)}, its ${
        row.role === "receiver"
          ? `receive buffer ${size(row.rcvbuf_bytes)}`
          : `send buffer ${size(row.sndbuf_bytes)}, the peer's window ${size(row.snd_wnd_bytes)}`
      }`,
    causes: ["SO_SNDBUF or SO_RCVBUF is set", "net.ipv4.tcp_wmem or tcp_rmem end too low"],
    advice: [
      "leave them unset and let autotuning have twice the BDP: the third number of tcp_wmem and tcp_rmem",
    ],
    verify: verify("socketBuffers"),
  }),
  SOCKET_WRITE_LIMIT_LOW: rule({
    title: "tcp_wmem ends below what the path needs",
    category: "configuration",
    thresholds: below,
    of: beside("tcp_wmem"),
    grades: ({ factor }) => [["MEDIUM", `role = 'sender' AND ${most} < ${factor} * bdp_bytes`]],
    shows: ["flow", "setting", "set_to", "bdp_bytes", "sndbuf_bytes", "send_buffer_share"],
    measure: "bdp_bytes",
    doubts: [],
    says: (row) =>
      `${row.flow}: ${row.setting} is "${row.set_to}", and the path holds ${size(row.bdp_bytes)}`,
    causes: ["the defaults are for paths that hold some megabytes"],
    advice: ["raise its third number to twice the BDP, where the memory is there"],
    verify: verify("socketBuffers"),
  }),
  SOCKET_READ_LIMIT_LOW: rule({
    title: "tcp_rmem ends below what the path needs",
    category: "configuration",
    thresholds: below,
    of: beside("tcp_rmem"),
    grades: ({ factor }) => [["MEDIUM", `role = 'receiver' AND ${most} < ${factor} * bdp_bytes`]],
    shows: ["flow", "setting", "set_to", "bdp_bytes", "rcvbuf_bytes"],
    measure: "bdp_bytes",
    doubts: [],
    says: (row) =>
      `${row.flow}: ${row.setting} is "${row.set_to}", and the path holds ${size(row.bdp_bytes)}`,
    causes: ["the defaults are for paths that hold some megabytes"],
    advice: ["raise its third number to twice the BDP, where the memory is there"],
    verify: verify("socketBuffers"),
  }),
  SOCKET_AUTOTUNING_OFF: rule({
    title: "autotuning of receive buffers is off",
    category: "configuration",
    thresholds: {},
    of: beside("tcp_moderate_rcvbuf"),
    grades: () => [["MEDIUM", "set_to = '0' AND role = 'receiver'"]],
    shows: ["flow", "setting", "set_to", "rcvbuf_bytes", "received_bits_per_second"],
    measure: "rcvbuf_bytes",
    doubts: [],
    says: (row) => `${row.flow}: ${row.setting} is 0: its receive buffer stays at ${size(row.rcvbuf_bytes)}`,
    causes: ["somebody turned it off"],
    advice: ["turn it on, unless each application sets SO_RCVBUF with care"],
    verify: verify("socketBuffers"),
  }),
  SOCKET_IDLE_RESTART: rule({
    title: "the congestion window begins again after each pause",
    category: "configuration",
    thresholds: { falls: { value: 2, unit: "falls", meaning: "LOW from so many on" } },
    of: async (subject: SocketSubject) => {
      const value = (subject.settings["net/ipv4/tcp_slow_start_after_idle"] ?? "").replaceAll("'", "''");
      return subject.table(
        "idle restarts",
        `SELECT flow, count(*) AS falls, max(cwnd_before) AS cwnd_before, min(cwnd_packets) AS cwnd_after, '${value}' AS set_to FROM steps
         WHERE cwnd_packets < 0.7 * cwnd_before AND d_retrans_packets = 0 AND application_share > 0.2 AND congestion_control <> 'bbr' GROUP BY flow`,
        [
          word("flow", "own end → peer"),
          {
            name: "falls",
            type: "BIGINT",
            meaning: "falls of the congestion window without a loss, after idling",
          },
          { name: "cwnd_before", type: "BIGINT", unit: "packets", meaning: "most before one" },
          { name: "cwnd_after", type: "BIGINT", unit: "packets", meaning: "least after one" },
          word("set_to", "net.ipv4.tcp_slow_start_after_idle"),
        ],
      );
    },
    grades: ({ falls }) => [["LOW", `falls >= ${falls} AND set_to = '1'`]],
    shows: ["flow", "falls", "cwnd_before", "cwnd_after", "set_to"],
    measure: "falls",
    doubts,
    says: (row) =>
      `${row.flow}: ${row.falls} times, from ${row.cwnd_before} down to ${row.cwnd_after} packets (tcp_slow_start_after_idle is 1)`,
    causes: ["it idled longer than its retransmission timeout, and forgets what the path carries"],
    advice: ["an application that answers in bursts may want net.ipv4.tcp_slow_start_after_idle = 0"],
    verify: verify("socketWindows"),
  }),
} satisfies Rules<SocketSubject>;
