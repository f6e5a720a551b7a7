import { type Layers, layersOf } from "./layers.js";

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
    return this.has(field) ? this.bytes.toString("utf8", this.start(field), this.end(field)) : null;
  }

  /** One occurrence of a field, or the last where there are fewer. */
  textAt(field: number, occurrence: number): string | null {
    if (!this.has(field)) return null;
    const [start, end] = this.occurrence(field, occurrence);
    return this.bytes.toString("latin1", start, end);
  }

  /** One occurrence as an integer, decimal or after `0x`. */
  integer(field: number, occurrence = 0): number | null {
    if (!this.has(field)) return null;
    const [start, end] = this.occurrence(field, occurrence);
    if (this.bytes[start + 1] === lowerX)
      return Number.parseInt(this.bytes.toString("latin1", start + 2, end), 16);
    return this.bytes[start] === minus ? -this.digits(start + 1, end) : this.digits(start, end);
  }

  bigint(field: number, occurrence = 0): bigint | null {
    const value = this.integer(field, occurrence);
    return value === null ? null : BigInt(value);
  }

  /**
   * The first occurrence of a decimal fraction in units of 10^-places, exactly. tshark prints an invalid nanosecond part as
   * it stands in the file, in more than nine digits.
   */
  scaled(field: number, places: number): bigint | null {
    if (!this.has(field)) return null;
    const [start, end] = this.occurrence(field, 0);
    const negative = this.bytes[start] === minus;
    const first = negative ? start + 1 : start;
    const point = this.bytes.subarray(first, end).indexOf(dot);
    const whole = point < 0 ? end : first + point;
    const digits = Math.max(0, end - whole - 1);
    const fraction = digits === 0 ? 0 : this.digits(whole + 1, end) * 10 ** Math.max(0, places - digits);
    const value = BigInt(this.digits(first, whole)) * BigInt(10 ** places) + BigInt(fraction);
    return negative ? -value : value;
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

  private occurrence(field: number, number: number): [number, number] {
    const end = this.end(field);
    let start = this.start(field);
    for (let left = number; ; left--) {
      let stop = start;
      while (stop < end && this.bytes[stop] !== comma) stop++;
      if (left === 0 || stop === end) return [start, stop];
      start = stop + 1;
    }
  }
}
