import type { Segment } from "./segment.js";
import type { Side } from "./side.js";

/** Nobody asks sooner whether the other side is still there; what comes sooner is one byte sent again. */
const idleNs = 1_000_000_000;

/** A packet before the next number, of no byte or one: it wants an answer (RFC 9293, 3.8.4); Linux probes a window with it, too. */
export function isKeepAlive(segment: Segment, seq: number, own: Side, other: Side): boolean {
  const { coverage } = own;
  const { bytes, syn, fin, stamp, time } = segment;
  if (bytes > 1 || syn || fin || coverage.empty || own.finAt !== null || seq !== coverage.end - 1)
    return false;
  // An ack that was overtaken looks the same.
  if (stamp >= 0 && own.stamp >= 0 && ((stamp - own.stamp) | 0) < 0) return false;
  if (bytes === 0) return true;
  return own.acked === coverage.end && (other.full || own.dataAt === null || time - own.dataAt >= idleNs);
}

/** One byte beyond a closed window, to ask whether it has opened (RFC 9293, 3.8.6.1). */
export function isWindowProbe(segment: Segment, seq: number, own: Side, other: Side): boolean {
  const { bytes, syn, fin } = segment;
  return bytes === 1 && !syn && !fin && other.full && !own.coverage.empty && seq === own.coverage.end;
}
