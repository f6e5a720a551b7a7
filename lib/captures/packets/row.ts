import { type Layers, layersOf } from "./layers.js";
import { Texts } from "./texts.js";

const comma = 0x2c;
const dot = 0x2e;
const minus = 0x2d;
const lowerX = 0x78;

/** One line of tshark's output, read in place: a field's bytes become a value only when a column asks for it. */
export class Row {
  /** Field n lies from `starts[n]` to before `ends[n]`; one that wasn't asked for is empty. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  layers: Layers = layersOf("");
  private bytes: Buffer = Buffer.alloc(0);
  private readonly texts = new Texts();
  /** The occurrence that was looked for last lies from `from` to before `to`. */
  private from = 0;
  private to = 0;
  /** `whole` times `unit`, kept since packets come many in a second. */
  private units = 0n;
  private whole = 0;
  private unit = 0;

  constructor(
    fields: number,
    private readonly protocolsField: number,
  ) {
    this.starts = new Int32Array(fields);
    this.ends = new Int32Array(fields);
  }

  /** To be called after `starts` and `ends` were set. */
  point(bytes: Buffer): void {
    this.bytes = bytes;
    this.layers = layersOf(this.text(this.protocolsField) ?? "");
  }

  has(field: number): boolean {
    return this.end(field) > this.start(field);
  }

  /** All of a field: several occurrences are joined by commas. */
  text(field: number): string | null {
    return this.has(field) ? this.texts.read(this.bytes, this.start(field), this.end(field)) : null;
  }

  /** One occurrence of a field, or the last where there are fewer. */
  textAt(field: number, occurrence: number): string | null {
    if (!this.has(field)) return null;
    this.find(field, occurrence);
    return this.texts.read(this.bytes, this.from, this.to);
  }

  /** Whether a field of numbers has more than one value. */
  several(field: number): boolean {
    const end = this.end(field);
    for (let at = this.start(field); at < end; at++) if (this.bytes[at] === comma) return true;
    return false;
  }

  /** One occurrence as an integer, decimal or after `0x`. */
  integer(field: number, occurrence = 0): number | null {
    if (!this.has(field)) return null;
    this.find(field, occurrence);
    const { bytes, from, to } = this;
    if (bytes[from + 1] === lowerX) return this.hexDigits(from + 2, to);
    return bytes[from] === minus ? -this.digits(from + 1, to) : this.digits(from, to);
  }

  /**
   * The first occurrence of a decimal fraction in units of 10^-places, exactly. tshark prints an invalid nanosecond part as
   * it stands in the file, in more than nine digits.
   */
  scaled(field: number, places: number): number | bigint | null {
    if (!this.has(field)) return null;
    this.find(field, 0);
    const { bytes, from, to } = this;
    const negative = bytes[from] === minus;
    const first = negative ? from + 1 : from;
    let point = first;
    while (point < to && bytes[point] !== dot) point++;
    const whole = this.digits(first, point);
    let fraction = point < to ? this.digits(point + 1, to) : 0;
    for (let digits = to - point - 1; digits < places; digits++) fraction *= 10;
    const unit = 10 ** places;
    // Times since 1970 have more digits than a number keeps.
    if (whole * unit > Number.MAX_SAFE_INTEGER / 2) {
      if (whole !== this.whole || unit !== this.unit) {
        this.whole = whole;
        this.unit = unit;
        this.units = BigInt(whole) * BigInt(unit);
      }
      const value = this.units + BigInt(fraction);
      return negative ? -value : value;
    }
    return negative ? -(whole * unit + fraction) : whole * unit + fraction;
  }

  /**
   * A time since 1970 in nanoseconds. Before it, tshark prints the second that it lies in, with its sign, and the part of it that has passed:
   * -1.85 is 0.15 s before 1970.
   */
  instant(field: number): number | bigint | null {
    const printed = this.scaled(field, 9);
    if (printed === null || printed >= 0) return printed;
    const unit = 1_000_000_000n;
    const whole = -BigInt(printed) / unit;
    return whole === 0n ? printed : (-BigInt(printed) % unit) - whole * unit;
  }

  private start(field: number): number {
    return this.starts[field] as number;
  }

  private end(field: number): number {
    return this.ends[field] as number;
  }

  private digits(start: number, end: number): number {
    let value = 0;
    for (let at = start; at < end; at++) value = value * 10 + ((this.bytes[at] as number) - 0x30);
    return value;
  }

  private hexDigits(start: number, end: number): number {
    let value = 0;
    for (let at = start; at < end; at++) {
      const byte = this.bytes[at] as number;
      value = value * 16 + (byte < 0x3a ? byte - 0x30 : (byte | 0x20) - 0x57);
    }
    return value;
  }

  /** Sets `from` and `to` to one occurrence of a field, or the last where there are fewer. */
  private find(field: number, occurrence: number): void {
    const { bytes } = this;
    const end = this.end(field);
    let from = this.start(field);
    let to = from;
    for (let left = occurrence; ; left--) {
      while (to < end && bytes[to] !== comma) to++;
      if (left === 0 || to === end) break;
      from = ++to;
    }
    this.from = from;
    this.to = to;
  }
}
