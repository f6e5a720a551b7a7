import type { Marks, Segment } from "./segment.js";
import type { Side } from "./side.js";

/** Who speaks when: a side's new data begins a turn where the other one spoke before. */
export class Turns {
  private turn = 0;
  private speaker: boolean | null = null;
  /** When the client's first packet after the SYNs came. */
  private openedAt: number | null = null;
  private asked = false;
  /** When the turn's new data came last; null where that isn't known. */
  private spokeAt: number | null = null;

  /** A connection of its own begins on the same ports; turns are counted on. */
  reset(): void {
    this.speaker = null;
    this.openedAt = null;
    this.asked = false;
  }

  take(segment: Segment, fromClient: boolean, own: Side, other: Side, marks: Marks): void {
    const { time, timed, syn, rst, bytes } = segment;
    if (syn) this.asked = true;
    else if (!rst && fromClient && this.asked && timed) this.openedAt ??= time;
    if (rst || bytes === 0 || marks.keepAlive || marks.windowProbe) return;
    if (marks.newBytes > marks.filledBytes) this.speak(segment, fromClient, other, marks);
    // What was acknowledged had arrived when it was sent first.
    if (marks.resent !== "spurious") own.dataAt = timed ? time : null;
  }

  private speak({ time, timed, syn }: Segment, fromClient: boolean, other: Side, marks: Marks): void {
    if (this.speaker === fromClient) {
      const before = this.spokeAt;
      marks.pause = before === null || !timed || before > time ? null : time - before;
    } else {
      this.speaker = fromClient;
      this.turn++;
      const since = this.turn === 1 ? (syn ? null : this.openedAt) : other.dataAt;
      marks.wait = since === null || !timed || since > time ? null : time - since;
    }
    this.spokeAt = timed ? time : null;
    marks.turn = this.turn;
  }
}
