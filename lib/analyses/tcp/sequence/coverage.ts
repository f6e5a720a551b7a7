/** What the capture lacks of a direction's numbers: from `begin` to before `end`. */
export interface Hole {
  begin: number;
  end: number;
  /** What showed it: later data, an ack of it, or that the capture began in the middle of the connection. */
  by: "data" | "ack" | "start";
  /** The packet that showed it. */
  frame: number;
  time: number;
  stamp: number;
  /** The ack that covers it; null: none does. */
  ackedBy: number | null;
}

/** The same, of a piece that came, or that never did. */
export type OnHole = (hole: Hole, begin: number, end: number) => void;

/** More holes of one direction are not kept open: the first ones end as never filled. */
const mostHoles = 1024;

/** Which of a direction's numbers the capture has. Numbers don't wrap here. */
export class Coverage {
  /** Everything from `start` to before `end` that isn't in a hole. */
  start = 0;
  end = 0;
  /** Nothing was seen yet. */
  empty = true;
  /** The first packet that was seen. */
  private first: Hole | null = null;
  /** In order, apart from each other. */
  readonly holes: Hole[] = [];

  /** @param onLost gets what is given up as never filled. */
  constructor(private readonly onLost: OnHole) {}

  /** Begins anew: a connection of its own, or another first number. */
  reset(): void {
    this.flush();
    this.empty = true;
    this.first = null;
    this.start = 0;
    this.end = 0;
  }

  /** Gives up all holes. */
  flush(): void {
    for (const hole of this.holes) this.onLost(hole, hole.begin, hole.end);
    this.holes.length = 0;
  }

  /**
   * Takes numbers as seen. Returns how many of them had been seen before; the pieces that fill holes go to `onFill`.
   */
  add(begin: number, end: number, opener: Hole, onFill: OnHole): number {
    if (this.empty) {
      this.begin(begin, opener);
      this.end = end;
      return 0;
    }
    if (begin > this.end) this.open(begin, opener);
    if (begin === this.end) {
      this.end = end;
      return 0;
    }
    const from = Math.max(begin, this.start);
    const to = Math.min(end, this.end);
    const filled = to > from ? this.fill(from, to, onFill) : 0;
    if (begin < this.start) this.prepend(begin, end, onFill);
    if (end > this.end) this.end = end;
    return Math.max(0, to - from - filled);
  }

  /** Counts from here on. */
  begin(number: number, opener: Hole): void {
    this.empty = false;
    this.first = { ...opener, by: "start" };
    this.start = number;
    this.end = number;
  }

  /** A keep-alive that was seen first has the number before the next one: nothing is missing between. */
  step(begin: number): void {
    if (!this.empty && this.end === this.start && begin === this.end + 1) this.end = begin;
  }

  /** Makes a hole from what was seen last to before a number. */
  open(to: number, { by, frame, time, stamp, ackedBy }: Hole): void {
    this.holes.push({ begin: this.end, end: to, by, frame, time, stamp, ackedBy });
    this.end = to;
    if (this.holes.length > mostHoles) {
      const first = this.holes.shift() as Hole;
      this.onLost(first, first.begin, first.end);
    }
  }

  /** The first hole that ends behind a number. */
  firstBehind(number: number): number {
    const { holes } = this;
    let low = 0;
    let high = holes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((holes[middle] as Hole).end > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Whether there is a hole that ends behind a number. */
  hasBehind(number: number): boolean {
    const last = this.holes.at(-1);
    return last !== undefined && last.end > number;
  }

  private fill(from: number, to: number, onFill: OnHole): number {
    if (!this.hasBehind(from)) return 0;
    const { holes } = this;
    let filled = 0;
    for (let at = this.firstBehind(from); at < holes.length; ) {
      const hole = holes[at] as Hole;
      if (hole.begin >= to) break;
      const begin = Math.max(hole.begin, from);
      const end = Math.min(hole.end, to);
      filled += end - begin;
      onFill(hole, begin, end);
      const left = begin > hole.begin ? [{ ...hole, end: begin }] : [];
      const right = end < hole.end ? [{ ...hole, begin: end }] : [];
      holes.splice(at, 1, ...left, ...right);
      at += left.length + right.length;
    }
    return filled;
  }

  /** What lies before the first number seen was sent before the capture began, or overtaken at its beginning. */
  private prepend(begin: number, end: number, onFill: OnHole): void {
    const first: Hole = { ...(this.first as Hole), begin, end: this.start };
    onFill(first, begin, Math.min(end, this.start));
    if (end < this.start) this.holes.unshift({ ...first, begin: end });
    this.start = begin;
  }
}
