import type { Hole } from "./coverage.js";
import type { Resent, Segment } from "./segment.js";
import type { Side } from "./side.js";

/** An ack starts what a sender sends at once; a timer runs longer. */
const atOnceNs = 20_000_000;
/** No timer of a sender runs out sooner. */
const timerNs = 200_000_000;
/** Without a round trip to go by, what comes later than this was sent again, not overtaken. */
const overtakenNs = 3_000_000;

/**
 * Why a segment was sent again: `spurious` (all of it was acknowledged), `fast` (two acks or more repeat that it is missing), `recovery` (an ack
 * that repeats, selects or moves on has just come: one more hole of the same loss), else `rto`: a timer ran out, which starts anew with each
 * ack that moves on and with what is sent again (RFC 6298): what is sent again right behind is of the same loss. The ack takes as long to the
 * sender and back as the sender takes to answer.
 */
export function kindOf(segment: Segment, seq: number, end: number, own: Side, other: Side): Resent {
  if (segment.syn) return "syn";
  if (own.acked !== null && end <= own.acked) return "spurious";
  const atOnce = atOnceNs + (other.trip ?? 0) * 1.25;
  if (own.duplicates >= 2 && seq === own.acked && segment.time - own.duplicateAt <= atOnce) return "fast";
  return segment.time - Math.max(own.askedAt, own.resentAt) <= atOnce ? "recovery" : "rto";
}

/**
 * Whether what fills a hole was sent after what came behind it, so that it was lost before the point of capture; else it was overtaken. The
 * sender's timestamps tell; without them it takes a round trip, and acks that say so, before anything can be sent again. What was acknowledged before
 * it came had arrived: the point of capture, or the clock of another one, turned the two around; but where its sender's data comes before its acks otherwise, and a
 * timer has had time to run out, the capture missed it the first time.
 */
export function cameLate(
  hole: Hole,
  segment: Segment,
  own: Side,
  other: Side,
  roundTrip: number | null,
): boolean {
  if (hole.stamp >= 0 && segment.stamp >= 0 && hole.stamp !== segment.stamp)
    return ((segment.stamp - hole.stamp) | 0) > 0;
  const after = segment.time - hole.time;
  if (hole.by === "ack") return own.trip !== null && after >= timerNs;
  // What was missing when the capture began may have been missing for long.
  if (hole.by === "start" && own.duplicates > 0) return true;
  if (after >= timerNs) return true;
  if (after < (roundTrip ?? overtakenNs)) return false;
  return other.window < 0 || own.duplicates >= 2 || own.askedAt >= hole.time;
}
