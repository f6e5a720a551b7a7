import { Coverage, type OnHole } from "./coverage.js";
import { Flight } from "./flight.js";

const modulus = 2 ** 32;
/**
 * Nobody waits longer for an ack without sending again (RFC 6298, 2.5): where one comes later all the same, the clock was set forward, or
 * the capture has a hole.
 */
export const unrepeatedNs = 60_000_000_000;

/** One direction of a connection: what its sender sent, and what the other side said of that. */
export class Side {
  /** The number of 32 bits that counts as 0; null: nothing tells it yet. */
  base: number | null = null;
  /** What `base` was before the SYN came again with another first number. */
  formerBase: number | null = null;
  /** The base was told by its own packets, not by an ack of the other side. */
  told = false;
  sentSyn = false;
  /** It has sent a SYN that acknowledges the other side's. */
  joined = false;
  /** The number of its FIN; null: it sent none. */
  finAt: number | null = null;
  readonly coverage: Coverage;
  readonly flight = new Flight();
  /** The highest number that the other side acknowledged; null: none is known. */
  acked: number | null = null;
  /** Up to where the other side's last window allows it to send; null: not known. */
  edge: number | null = null;
  /** How many times the other side repeated its ack, and when it last did. */
  duplicates = 0;
  duplicateAt = 0;
  /** When an ack of the other side last gave reason to send: it repeated, selected or moved on. */
  askedAt = Number.NEGATIVE_INFINITY;
  /** When it last sent something again. */
  resentAt = Number.NEGATIVE_INFINITY;
  /** The ack of anything before this may be late: of what was sent again, of what lies behind a hole. */
  unsure = 0;
  /** Up to where data was sent again. */
  resentTo = Number.NEGATIVE_INFINITY;
  /** The byte after the end of a window probe; null without one. */
  probed: number | null = null;
  /** The shortest time from its data to the other side's ack. */
  trip: number | null = null;
  /** When it last sent data that wasn't acknowledged yet. */
  dataAt: number | null = null;
  /** The newest timestamp that it sent; -1 without. */
  stamp = -1;
  /** The window that it announced last; -1 before the first one. */
  window = -1;
  /** It takes no data. */
  full = false;
  /** The window scale that its SYN offered, below 0 none; null: not known. */
  shift: number | null = null;

  constructor(onLost: OnHole) {
    this.coverage = new Coverage(onLost);
  }

  /** Begins anew with another first number. */
  restart(base: number | null): void {
    this.coverage.reset();
    this.flight.clear();
    this.base = base;
    this.told = false;
    this.formerBase = null;
    this.sentSyn = false;
    this.joined = false;
    this.finAt = null;
    this.acked = null;
    this.edge = null;
    this.duplicates = 0;
    this.askedAt = Number.NEGATIVE_INFINITY;
    this.resentAt = Number.NEGATIVE_INFINITY;
    this.unsure = 0;
    this.resentTo = Number.NEGATIVE_INFINITY;
    this.probed = null;
    this.dataAt = null;
    this.full = false;
    this.shift = null;
  }

  /** A number of 32 bits on the scale that doesn't wrap, near another one on it. */
  place(raw: number, near: number): number {
    return near + ((raw - (this.base as number) - near) | 0);
  }

  /** Up to where data is known to have been acknowledged: by an ack, else nothing of what was seen. */
  get settled(): number {
    return this.acked ?? this.coverage.start;
  }

  /** Data was sent that nobody acknowledged yet. */
  get waiting(): boolean {
    return !this.coverage.empty && this.acked !== null && this.coverage.end > this.acked;
  }
}

/** The sum of two numbers of 32 bits. */
export function wrapped(number: number): number {
  return ((number % modulus) + modulus) % modulus;
}
