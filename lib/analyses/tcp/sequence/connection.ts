import type { Hole } from "./coverage.js";
import { isKeepAlive, isWindowProbe } from "./probing.js";
import { cameLate, kindOf } from "./resent.js";
import { type Marks, noMarks, type Segment } from "./segment.js";
import { Side, unrepeatedNs, wrapped } from "./side.js";
import { Spending } from "./spending.js";
import { Turns } from "./turns.js";

/** What became of data that the capture lacked. */
export type Fate = "out of order" | "resent" | "missed" | "after its ack" | "never";

/** A piece of a hole whose fate is known. */
export interface Piece {
  hole: Hole;
  begin: number;
  end: number;
  fate: Fate;
  /** The packet that filled it. */
  filledBy: number | null;
  filledAt: number | null;
}

/** No ack moves so far at once; a number that would is no ack of this connection. */
const farthest = 2 ** 30;

/** The sequence spaces of a connection's two directions (RFC 9293), packet by packet. */
export class Connection {
  private readonly client: Side;
  private readonly server: Side;
  /** Of the packet before. */
  private time = 0;
  private readonly turns = new Turns();
  private readonly spending = new Spending();
  /** An ack that answers a SYN without acknowledging it. */
  private held: { segment: Segment; fromClient: boolean } | null = null;
  /** Both sides have sent their FINs, or one a RST. */
  private over = false;
  private readonly opener: Hole = {
    begin: 0,
    end: 0,
    by: "data",
    frame: 0,
    time: 0,
    stamp: -1,
    ackedBy: null,
  };

  constructor(private readonly onPiece: (piece: Piece) => void) {
    const onLost = (hole: Hole, begin: number, end: number) => {
      if (hole.by !== "start") onPiece({ hole, begin, end, fate: "never", filledBy: null, filledAt: null });
    };
    this.client = new Side(onLost);
    this.server = new Side(onLost);
  }

  /** Nothing more comes: what is still missing is missing for good. */
  end(): void {
    this.client.coverage.flush();
    this.server.coverage.flush();
  }

  /** Reads the next packet and fills in what can be said of it. */
  take(segment: Segment, fromClient: boolean, marks: Marks): void {
    const own = fromClient ? this.client : this.server;
    const other = fromClient ? this.server : this.client;
    if (!segment.timed) segment.time = this.time;
    this.time = segment.time;
    if (this.held !== null && !this.decide(segment, fromClient, this.held)) return;
    if (answersAnother(segment, own, other)) {
      this.held = { segment: { ...segment }, fromClient };
      return;
    }
    if (segment.syn) this.begin(segment, own, other);
    if (own.base === null && !segment.rst) own.base = wrapped(segment.seqRaw - 1);
    if (!segment.syn && !segment.rst) own.told = true;
    if (own.base !== null)
      marks.seq = own.place(segment.seqRaw, own.coverage.empty ? (own.acked ?? 0) : own.coverage.end);
    this.spending.before(segment, own, other, fromClient);
    // The text of a RST (RFC 9293, 3.5.3) is on the wire like data.
    if (marks.seq !== null && (!segment.rst || segment.bytes > 0)) this.send(segment, own, other, marks);
    if (!segment.rst) {
      if (segment.ack && segment.ackRaw >= 0) this.acknowledge(segment, own, other, marks);
      this.announce(segment, own, other, marks);
    }
    this.over ||= segment.rst || (own.finAt !== null && other.finAt !== null);
    this.turns.take(segment, fromClient, own, other, marks);
    this.spending.after(segment, fromClient, own, other, marks);
    if (segment.stamp >= 0 && (own.stamp < 0 || ((segment.stamp - own.stamp) | 0) > 0))
      own.stamp = segment.stamp;
    if (marks.inFlight === null && segment.bytes > 0 && own.waiting)
      marks.inFlight = own.coverage.end - (own.acked as number);
  }

  /**
   * Whether the packet behind an ack that was held back is read. A RST or SYN that comes next says that the ack was of an earlier connection
   * on the same ports (RFC 9293, 3.10.7.3; a challenge ACK): it says nothing of this one. Anything else says that it was meant: what it
   * acknowledges is not in the capture.
   */
  private decide(
    segment: Segment,
    fromClient: boolean,
    { segment: ack, fromClient: byClient }: { segment: Segment; fromClient: boolean },
  ): boolean {
    const again = fromClient === byClient && segment.seqRaw === ack.seqRaw && segment.ackRaw === ack.ackRaw;
    if (again && !segment.syn && segment.bytes === 0) return false;
    this.held = null;
    if (segment.rst || segment.syn) return true;
    const own = byClient ? this.client : this.server;
    const other = byClient ? this.server : this.client;
    const marks = noMarks();
    own.base = wrapped(ack.seqRaw - 1);
    own.told = true;
    marks.seq = own.place(ack.seqRaw, 0);
    this.send(ack, own, other, marks);
    this.acknowledge(ack, own, other, marks);
    this.announce(ack, own, other, marks);
    return true;
  }

  /** A SYN says where its sender counts from; with another number, or after the end, it begins anew. */
  private begin(segment: Segment, own: Side, other: Side): void {
    const { seqRaw } = segment;
    if (own.base !== seqRaw && own.base !== null) {
      const former = own.told ? own.base : null;
      if (own.coverage.end > 1 || (!segment.ack && other.coverage.end > 1)) this.restart(seqRaw, own, other);
      else {
        own.restart(seqRaw);
        own.formerBase = former;
      }
    } else if (!segment.ack && this.over && own.coverage.end > 1) this.restart(seqRaw, own, other);
    own.base = seqRaw;
    own.told = true;
    own.sentSyn = true;
    own.shift = segment.shift === -2 ? null : segment.shift;
  }

  private restart(seqRaw: number, own: Side, other: Side): void {
    other.restart(null);
    this.turns.reset();
    this.spending.reset();
    own.restart(seqRaw);
    this.over = false;
  }

  /** What its sender sent. */
  private send(segment: Segment, own: Side, other: Side, marks: Marks): void {
    const { coverage } = own;
    const { syn, fin, bytes, time } = segment;
    const seq = marks.seq as number;
    if (isKeepAlive(segment, seq, own, other)) {
      marks.keepAlive = true;
      return;
    }
    if (isWindowProbe(segment, seq, own, other)) {
      marks.windowProbe = true;
      own.probed = seq + 1;
      return;
    }
    const begin = seq;
    const data = begin + (syn ? 1 : 0);
    const end = data + bytes + (fin ? 1 : 0);
    coverage.step(begin);
    const before = coverage.empty ? Number.NEGATIVE_INFINITY : coverage.end;
    if (!coverage.empty && begin > before) marks.holeBytes = begin - before;
    const opener = this.opener;
    opener.by = "data";
    opener.frame = segment.frame;
    opener.time = time;
    opener.stamp = segment.stamp;
    opener.ackedBy = null;
    if (end === begin) {
      if (coverage.empty) coverage.begin(begin, opener);
      else if (begin > before) coverage.open(begin, opener);
      return;
    }
    let late = false;
    const onFill = (hole: Hole, from: number, to: number) => {
      const resent = cameLate(hole, segment, own, other, this.handshakeTrip);
      const acked = hole.ackedBy !== null;
      late ||= resent;
      if (!resent && !acked) marks.outOfOrder = true;
      if (!resent && acked) marks.afterAck = true;
      const fate: Fate = acked ? (resent ? "missed" : "after its ack") : resent ? "resent" : "out of order";
      if (hole.by !== "start")
        this.onPiece({ hole, begin: from, end: to, fate, filledBy: segment.frame, filledAt: time });
      const filled = Math.max(0, Math.min(to, data + bytes) - Math.max(from, data));
      marks.filledBytes += filled;
      if (resent) marks.resentBytes += filled;
    };
    let again = 0;
    if (syn) {
      // In a simultaneous open or a split handshake (RFC 9293, 3.5) the SYN that acknowledges the other side's is no SYN sent again.
      const first = segment.ack && !own.joined;
      const before = coverage.add(begin, data, opener, onFill);
      if (!first) again += before;
      own.joined ||= segment.ack;
    }
    let dataAgain = bytes > 0 ? coverage.add(data, data + bytes, opener, onFill) : 0;
    again += dataAgain;
    // The number of a FIN is no byte.
    if (own.finAt !== null && own.finAt >= data && own.finAt < data + bytes) dataAgain--;
    if (fin) {
      again += coverage.add(end - 1, end, opener, onFill);
      own.finAt = end - 1;
    }
    marks.newBytes = bytes - dataAgain;
    marks.resentBytes += dataAgain;
    if (again > 0 || late) {
      marks.resent = kindOf(segment, seq, end, own, other);
      own.resentAt = time;
      const before = own.flight.resend(begin, end, time);
      if (before !== null && segment.timed && time >= before) marks.waited = time - before;
      own.unsure = Math.max(own.unsure, coverage.end);
      own.resentTo = Math.max(own.resentTo, end);
    }
    if (marks.filledBytes > 0) own.unsure = Math.max(own.unsure, coverage.end);
    if (end > before && end > own.settled && segment.timed) own.flight.push(end, time);
    const open = coverage.hasBehind(own.settled);
    if (open && bytes > 0) {
      const hole = coverage.holes[coverage.firstBehind(own.settled)] as Hole;
      marks.behindHole = hole.begin < data;
    }
    if (open) own.unsure = Math.max(own.unsure, coverage.end);
    if (bytes > 0 && own.edge !== null && data + bytes >= own.edge && end > before) marks.windowFull = true;
  }

  /** What its sender has received. */
  private acknowledge(segment: Segment, own: Side, other: Side, marks: Marks): void {
    const { frame, time, ackRaw } = segment;
    if (other.base === null) other.base = wrapped(ackRaw - 1);
    const { coverage } = other;
    if (other.formerBase !== null && coverage.end <= 1) this.settleBase(ackRaw, other);
    const near = coverage.empty ? (other.acked ?? 1) : coverage.end;
    const ack = other.place(ackRaw, near);
    marks.ack = ack;
    if (!coverage.empty && ack - coverage.end > farthest) return;
    const settled = other.settled;
    if (other.acked !== null && ack <= settled) {
      if (ack === settled && this.repeats(segment, own, other, marks)) this.repeat(segment, other, marks);
      else if (segment.sack) this.selects(segment, other);
      return;
    }
    if (!coverage.empty) {
      marks.ackedBytes = Math.max(0, ack - settled);
      // The number of a FIN is no byte.
      marks.openBytes = Math.max(
        0,
        Math.min(coverage.end, other.finAt ?? Number.POSITIVE_INFINITY) - settled,
      );
    }
    const sure = settled >= other.unsure && other.duplicates === 0;
    let whole = true;
    for (let at = coverage.firstBehind(settled); at < coverage.holes.length; at++) {
      const hole = coverage.holes[at] as Hole;
      if (hole.begin >= ack) break;
      whole = false;
      hole.ackedBy ??= frame;
    }
    if (!coverage.empty && ack > coverage.end) {
      whole = false;
      this.acknowledgeUnseen(segment, other, ack);
      marks.inFlight = null;
    }
    const sent = other.flight.acked(ack);
    if (
      sent !== null &&
      segment.timed &&
      sure &&
      whole &&
      time >= sent &&
      time - sent <= unrepeatedNs &&
      ack > settled
    ) {
      marks.roundTrip = time - sent;
      if (other.trip === null || marks.roundTrip < other.trip) other.trip = marks.roundTrip;
    }
    other.acked = ack;
    other.duplicates = 0;
    other.askedAt = time;
    if (segment.sack) this.selects(segment, other);
  }

  /** An ack of what the capture has not seen, or not yet. */
  private acknowledgeUnseen({ frame, time }: Segment, other: Side, ack: number): void {
    const { coverage } = other;
    if (other.probed !== null && ack <= other.probed) {
      coverage.end = ack;
      return;
    }
    const opener = this.opener;
    // The first ack of a connection that began before the capture may be of what was sent before it.
    opener.by = other.acked === null && !other.sentSyn ? "start" : "ack";
    opener.frame = frame;
    opener.time = time;
    opener.stamp = -1;
    opener.ackedBy = frame;
    coverage.open(ack, opener);
  }

  /** Of two first numbers that a side gave, the other side's ack says which one counts. */
  private settleBase(ackRaw: number, side: Side): void {
    const former = side.formerBase as number;
    side.formerBase = null;
    if (ackRaw !== wrapped(former + 1) || ackRaw === wrapped((side.base as number) + 1)) return;
    side.restart(former);
    side.told = true;
    side.sentSyn = true;
    side.coverage.add(0, 1, this.opener, () => {});
  }

  /** RFC 5681: no data, neither SYN nor FIN, the same window, and data that waits for an ack. */
  private repeats(segment: Segment, own: Side, other: Side, marks: Marks): boolean {
    const { bytes, syn, fin, window } = segment;
    if (bytes > 0 || syn || fin || marks.keepAlive || window <= 0 || window !== own.window) return false;
    return other.coverage.empty ? segment.sack : other.coverage.end > other.settled;
  }

  private repeat(segment: Segment, other: Side, marks: Marks): void {
    other.duplicates++;
    other.duplicateAt = segment.time;
    marks.duplicateAck = other.duplicates;
    if (other.duplicates >= 2 || segment.sack) other.askedAt = segment.time;
    other.unsure = Math.max(other.unsure, other.coverage.end);
  }

  /** A selective ack says that something before it is missing there. */
  private selects(segment: Segment, other: Side): void {
    other.askedAt = segment.time;
    other.unsure = Math.max(other.unsure, other.coverage.end);
  }

  /** The window that its sender announces. */
  private announce(segment: Segment, own: Side, other: Side, marks: Marks): void {
    const { window, syn, fin, ack } = segment;
    if (window < 0) return;
    marks.zeroWindow = window === 0 && !syn && !fin;
    own.full = window === 0 && !syn;
    own.window = window;
    if (!ack || marks.ack === null) return;
    const scale = syn ? 1 : scaleOf(own, other);
    other.edge = scale === null ? null : marks.ack + window * scale;
  }

  /** A round trip of the whole path, by the handshake; null where it isn't in the capture. */
  private get handshakeTrip(): number | null {
    const { client, server } = this;
    return client.trip === null || server.trip === null ? null : client.trip + server.trip;
  }
}

/** What a window counts in bytes: both SYNs have to offer a scale (RFC 7323). null where one of them isn't known. */
function scaleOf(own: Side, other: Side): number | null {
  if (own.shift === null || other.shift === null) return null;
  return own.shift < 0 || other.shift < 0 ? 1 : 2 ** own.shift;
}

/** An ack to a SYN that nobody has acknowledged, of something else: its sender knows an earlier connection, or the capture misses packets. */
function answersAnother({ syn, rst, fin, ack, bytes, ackRaw }: Segment, own: Side, other: Side): boolean {
  if (syn || rst || fin || !ack || bytes > 0 || ackRaw < 0 || own.sentSyn) return false;
  if (!other.sentSyn || other.acked !== null) return false;
  const number = other.place(ackRaw, 1);
  return number < 1 || number > other.coverage.end;
}
