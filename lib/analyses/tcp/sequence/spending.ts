import type { Marks, Segment, Spent } from "./segment.js";
import { type Side, unrepeatedNs } from "./side.js";

/** The other side's answer within so many round trips of a request is the path's time, beyond it the side's own. */
const pathTrips = 2;

/** What the time between two packets of a connection was spent on, by what was open before and by the packet that ended it. */
export class Spending {
  private last: number | null = null;
  private opening = false;
  private open = false;
  private closing = false;
  private speaker: boolean | null = null;
  /** As it was before the packet. */
  private clientFull = false;
  private serverFull = false;
  private ownWaiting = false;
  private otherWaiting = false;
  private otherResent = false;
  private otherTrip: number | null = null;

  reset(): void {
    this.opening = false;
    this.open = false;
    this.closing = false;
    this.speaker = null;
  }

  /** To be called before the packet changes anything. */
  before(segment: Segment, own: Side, other: Side, fromClient: boolean): void {
    this.clientFull = (fromClient ? own : other).full;
    this.serverFull = (fromClient ? other : own).full;
    this.ownWaiting = own.waiting;
    this.otherWaiting = other.waiting;
    this.otherResent = other.waiting && other.resentTo > other.settled;
    this.otherTrip = other.trip;
    if (this.last === null && segment.syn) this.opening = true;
  }

  /** To be called with what was found out about the packet. */
  after(segment: Segment, fromClient: boolean, own: Side, other: Side, marks: Marks): void {
    const { time, syn, ack, fin, rst } = segment;
    if (this.last !== null && segment.timed) {
      marks.since = time - this.last;
      marks.spent = marks.since < 0 ? "unknown" : this.spentOn(segment, fromClient, own, other, marks);
    }
    this.last = time;
    if (!syn && ack && !rst && (fromClient || segment.bytes > 0)) this.open = true;
    if (fin || rst) this.closing = true;
    if (marks.newBytes > marks.filledBytes) this.speaker = fromClient;
  }

  private spentOn(segment: Segment, fromClient: boolean, own: Side, other: Side, marks: Marks): Spent {
    const brings = marks.newBytes > marks.filledBytes;
    if (this.opening && !this.open) return marks.resent === "syn" ? "handshake loss" : "handshake";
    if (this.clientFull !== this.serverFull && !segment.fin && !segment.rst)
      return this.clientFull ? "client window" : "server window";
    if (marks.resent !== null && marks.resent !== "spurious") return "loss";
    if (own.coverage.empty || other.coverage.empty) return "unknown";
    if ((this.ownWaiting || this.otherWaiting) && (marks.since as number) > unrepeatedNs) return "unknown";
    if (brings) return this.beforeData(fromClient, marks.since as number);
    if ((marks.ackedBytes ?? 0) > 0 && this.otherWaiting) return this.otherResent ? "loss" : "path";
    if (this.closing) return "closing";
    return this.ownWaiting || this.otherWaiting ? "path" : "idle";
  }

  /** A sender with data under way waits for acks; one without waited for its own application, unless the request has only just arrived. */
  private beforeData(fromClient: boolean, since: number): Spent {
    const self = fromClient ? "client" : "server";
    if (this.speaker === fromClient || this.speaker === null) return this.ownWaiting ? "path" : self;
    if (!this.otherWaiting) return self;
    if (this.otherResent) return "loss";
    return this.otherTrip !== null && since > pathTrips * this.otherTrip ? self : "path";
  }
}
