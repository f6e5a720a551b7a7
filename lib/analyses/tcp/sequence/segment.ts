/** A TCP packet as the pass reads it. One object is filled anew for each packet. */
export interface Segment {
  frame: number;
  /** Nanoseconds since the capture's first packet. */
  time: number;
  /** Its time is known; else it is taken for that of the packet before it. */
  timed: boolean;
  syn: boolean;
  ack: boolean;
  fin: boolean;
  rst: boolean;
  /** It carries selective acks. */
  sack: boolean;
  /** Numbers of 32 bits as sent; the acknowledged one is -1 where it isn't known. */
  seqRaw: number;
  ackRaw: number;
  /** Payload. */
  bytes: number;
  /** As sent; -1 where it isn't in the packet. */
  window: number;
  /** The window scale that a SYN offers: -1 none, -2 cut off. */
  shift: number;
  /** Timestamp of its sender; -1 without. */
  stamp: number;
}

/** Why data was sent again. */
export type Resent = "syn" | "fast" | "recovery" | "rto" | "spurious";

/** What the time before a packet was spent on. */
export type Spent =
  | "handshake"
  | "handshake loss"
  | "loss"
  | "client"
  | "server"
  | "client window"
  | "server window"
  | "path"
  | "idle"
  | "closing"
  | "unknown";

/** What the pass says of a packet. null: it doesn't apply, or nobody can know. */
export interface Marks {
  seq: number | null;
  ack: number | null;
  newBytes: number;
  resentBytes: number;
  filledBytes: number;
  resent: Resent | null;
  waited: number | null;
  holeBytes: number | null;
  outOfOrder: boolean;
  behindHole: boolean;
  afterAck: boolean;
  ackedBytes: number | null;
  openBytes: number | null;
  duplicateAck: number | null;
  roundTrip: number | null;
  inFlight: number | null;
  zeroWindow: boolean;
  windowFull: boolean;
  keepAlive: boolean;
  windowProbe: boolean;
  turn: number | null;
  wait: number | null;
  pause: number | null;
  since: number | null;
  spent: Spent | null;
}

/** Marks of which nothing is known yet. */
export function noMarks(): Marks {
  return { ...nothing };
}

/** Takes away what is known. */
export function clear(marks: Marks): void {
  Object.assign(marks, nothing);
}

const nothing: Marks = {
  seq: null,
  ack: null,
  newBytes: 0,
  resentBytes: 0,
  filledBytes: 0,
  resent: null,
  waited: null,
  holeBytes: null,
  outOfOrder: false,
  behindHole: false,
  afterAck: false,
  ackedBytes: null,
  openBytes: null,
  duplicateAck: null,
  roundTrip: null,
  inFlight: null,
  zeroWindow: false,
  windowFull: false,
  keepAlive: false,
  windowProbe: false,
  turn: null,
  wait: null,
  pause: null,
  since: null,
  spent: null,
};

export function emptySegment(): Segment {
  return {
    frame: 0,
    time: 0,
    timed: true,
    syn: false,
    ack: false,
    fin: false,
    rst: false,
    sack: false,
    seqRaw: 0,
    ackRaw: 0,
    bytes: 0,
    window: 0,
    shift: -1,
    stamp: -1,
  };
}
