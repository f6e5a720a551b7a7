import { alarm, grey, palette } from "../style.js";

const [, orange, green, pink, sky, vermilion, purple] = palette;
const black = "#222222";

/** Something that packets of a connection are marked for: where, and how. */
export interface Mark {
  name: string;
  color: string;
  symbol: string;
  size: number;
  /** SQL over the segments, `own` being those of the side whose data is shown: which ones. */
  when: string;
  /** SQL: how high it stands. */
  y: string;
  /** SQL: up to where its bar goes, where it has one. */
  to?: string;
}

const resent: [kind: string, name: string, color: string, symbol: string][] = [
  ["fast", "fast retransmission", orange, "triangle-up"],
  ["recovery", "retransmission in recovery", pink, "triangle-up"],
  ["rto", "retransmission after timeout", vermilion, "triangle-up"],
  ["spurious", "spurious retransmission", purple, "triangle-down"],
];

/** The retransmissions of the side, by kind, at a height given in SQL. */
export function resentMarks(y: string, to?: string): Mark[] {
  return resent.map(([kind, name, color, symbol]) => ({
    name,
    color,
    symbol,
    size: 9,
    when: `own AND kind = '${kind}'`,
    y,
    ...(to === undefined ? {} : { to }),
  }));
}

/** What both styles of a time-sequence graph mark: the last is drawn on top. */
export const stevensMarks: readonly Mark[] = [
  { name: "SYN", color: green, symbol: "diamond", size: 9, when: "own AND kind = 'syn'", y: "tcp_seq" },
  { name: "FIN", color: purple, symbol: "square", size: 8, when: "own AND kind = 'fin'", y: "tcp_seq_end" },
  {
    name: "out of order",
    color: sky,
    symbol: "diamond",
    size: 8,
    when: "own AND out_of_order",
    y: "tcp_seq",
    to: "tcp_seq_end",
  },
  ...resentMarks("tcp_seq", "tcp_seq_end"),
  {
    name: "data before it missing",
    color: alarm,
    symbol: "x-thin",
    size: 9,
    when: "own AND lost_segment",
    y: "tcp_seq",
  },
  { name: "RST", color: black, symbol: "x", size: 10, when: "own AND kind = 'rst'", y: "tcp_seq" },
];

/** What the style of tcptrace marks: what the other side answered, too. */
export const tcptraceMarks: readonly Mark[] = [
  {
    name: "keep-alive or window probe",
    color: grey,
    symbol: "circle-open",
    size: 8,
    when: "own AND kind IN ('keep-alive', 'window probe')",
    y: "tcp_seq",
  },
  {
    name: "duplicate ACK",
    color: pink,
    symbol: "line-ew",
    size: 8,
    when: "NOT own AND kind = 'duplicate ack'",
    y: "tcp_ack",
  },
  ...stevensMarks,
  {
    name: "zero window",
    color: alarm,
    symbol: "square-open",
    size: 9,
    when: "NOT own AND zero_window",
    y: "tcp_ack",
  },
  {
    name: "RST by the receiver",
    color: black,
    symbol: "cross",
    size: 10,
    when: "NOT own AND kind = 'rst'",
    // Without ACK it says nothing of the data that it refuses.
    y: "coalesce(tcp_ack, (SELECT max(tcp_seq_end) FROM seen WHERE own))",
  },
];

/** What is marked of windows and bytes in flight, over `flyingSql`: the last is drawn on top. */
export const windowMarks: readonly Mark[] = [
  ...resentMarks("flying_bytes"),
  {
    name: "window full",
    color: black,
    symbol: "diamond-open",
    size: 9,
    when: "own AND window_full",
    y: "flying_bytes",
  },
  { name: "zero window", color: alarm, symbol: "x", size: 9, when: "NOT own AND zero_window", y: "0" },
];
