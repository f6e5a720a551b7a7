import { type Origin, unreadable } from "./unreadable.js";

/** Longer than any name that a kernel takes for a symbol. */
const maxName = 512;
/** Of one text, which need be there once. */
const maxCopies = 1000;

/** Texts by their offset; a module's offsets continue those of vmlinux. */
export class Strings {
  private readonly first: number;
  private readonly places = new Map<string, ReadonlySet<number>>();

  constructor(
    private readonly origin: Origin,
    private readonly bytes: Buffer,
    private readonly base: Strings | null,
  ) {
    this.first = base?.end ?? 0;
  }

  /** The offset that another file's begin with that continues this one. */
  get end(): number {
    return this.first + this.bytes.length;
  }

  /** The text at an offset; empty where there is none. */
  text(at: number): string {
    if (this.base !== null && at < this.first) return this.base.text(at);
    const from = at - this.first;
    let to = from;
    while (to < this.bytes.length && this.bytes[to] !== 0 && to - from < maxName) to += 1;
    return this.bytes.toString("latin1", from, to);
  }

  /** The offsets at which a text stands: one, as all that write BTF keep a text once. */
  placesOf(text: string): ReadonlySet<number> {
    const places =
      this.places.get(text) ?? new Set([...(this.base?.placesOf(text) ?? []), ...this.find(text)]);
    this.places.set(text, places);
    return places;
  }

  /** Whether a text begins at an offset. */
  isBegin(at: number): boolean {
    if (this.base !== null && at < this.first) return this.base.isBegin(at);
    const own = at - this.first;
    return own < this.bytes.length && (own === 0 || this.bytes[own - 1] === 0);
  }

  private *find(text: string): Generator<number> {
    const wanted = Buffer.from(`${text}\0`, "latin1");
    let count = 0;
    for (let at = this.bytes.indexOf(wanted); at >= 0; at = this.bytes.indexOf(wanted, at + 1)) {
      if (!this.isBegin(this.first + at)) continue;
      yield this.first + at;
      count += 1;
      if (count === maxCopies)
        throw unreadable(this.origin, `it has "${text}" ${count} times in its strings`);
    }
  }
}
