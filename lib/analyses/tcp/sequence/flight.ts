/** Segments of one direction that are kept at a time: of more, the first ones aren't timed. */
const most = 4096;

/** When the segments of a direction were sent that nobody has acknowledged yet, in the order of their ends. */
export class Flight {
  private ends: number[] = [];
  private times: number[] = [];
  private first = 0;

  /** A segment at the end of what was sent. */
  push(end: number, time: number): void {
    this.ends.push(end);
    this.times.push(time);
    if (this.ends.length - this.first > most) this.first++;
    if (this.first > most) this.compact();
  }

  /** The segment that has a number was sent again. Returns when it was sent before; null where it isn't known. */
  resend(number: number, end: number, time: number): number | null {
    const at = this.firstBehind(number);
    if (at === this.ends.length) return null;
    const before = this.times[at] as number;
    for (let each = at; each < this.ends.length && (this.ends[each] as number) <= end; each++)
      this.times[each] = time;
    return before;
  }

  /** Takes away what an ack covers. Returns when the segment was sent that ends right there; null: none does. */
  acked(number: number): number | null {
    let sent: number | null = null;
    while (this.first < this.ends.length && (this.ends[this.first] as number) <= number) {
      if (this.ends[this.first] === number) sent = this.times[this.first] as number;
      this.first++;
    }
    if (this.first === this.ends.length) this.clear();
    else if (this.first > most) this.compact();
    return sent;
  }

  clear(): void {
    if (this.ends.length === 0) return;
    this.ends = [];
    this.times = [];
    this.first = 0;
  }

  private compact(): void {
    this.ends = this.ends.slice(this.first);
    this.times = this.times.slice(this.first);
    this.first = 0;
  }

  private firstBehind(number: number): number {
    let low = this.first;
    let high = this.ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ends[middle] as number) > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
