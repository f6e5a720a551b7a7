import { SkbookError } from "../../errors/index.js";
import type { Value } from "../../tables/index.js";
import { protocolsField } from "./columns.js";
import { field, type Printed, placeCount } from "./fields.js";
import type { PacketColumn } from "./readers.js";
import { Readings } from "./reading.js";
import { Row } from "./row.js";

const time = field("frame.time_epoch");
const number = field("frame.number");

const tab = 0x09;
const newline = 0x0a;

/** Takes what is read, row by row. */
export interface PacketRows {
  /** A value of a column, by its place; a column of a row that gets none is null. */
  put(column: number, value: Exclude<Value, null>): void;
  /** Ends the row. */
  endRow(): void;
}

/** Reads tshark's tab-separated lines off byte chunks, and gives out the packet Table's rows. */
export class PacketParser {
  /** Packets read so far. */
  rows = 0;
  private readonly row = new Row(placeCount(), protocolsField);
  private rest: Buffer = Buffer.alloc(0);
  /** A bit for each of tshark's columns that isn't empty in the line. */
  private readonly there: Int32Array;
  private readonly readings: Readings;
  /** Whether the lines say when each packet was captured. */
  private readonly timed: boolean;

  /**
   * @param printed the columns of each line, in their order.
   * @param columns what to read off them.
   */
  constructor(
    private readonly printed: readonly Printed[],
    private readonly columns: readonly PacketColumn[],
    private readonly given: PacketRows,
  ) {
    this.timed = printed.some(({ places }) => places.includes(time));
    this.there = new Int32Array(Math.ceil(printed.length / 32));
    this.readings = new Readings(printed, columns);
  }

  /** Number in the file of the packet that was read last; 0 where lines don't say it. */
  get frame(): number {
    return this.row.integer(number) ?? 0;
  }

  /** Reads all complete lines; the rest waits for the next chunk. A last line without its end was cut off with tshark, and is dropped. */
  push(chunk: Uint8Array): void {
    const bytes =
      this.rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([this.rest, chunk]);
    const end = bytes.lastIndexOf(newline) + 1;
    for (let start = 0; start < end; ) start = this.read(bytes, start);
    this.rest = bytes.subarray(end);
  }

  /** Reads the line at `start`, and says where the next one begins. */
  private read(bytes: Buffer, start: number): number {
    const { row, printed, columns, there, given } = this;
    there.fill(0);
    let at = start;
    for (let index = 0; index < printed.length; index++) {
      const { places, split } = printed[index] as Printed;
      const from = at;
      let byte = bytes[at];
      while (byte !== tab && byte !== newline) byte = bytes[++at];
      if ((byte === newline) !== (index === printed.length - 1))
        throw unreadable(this.rows + 1, bytes.subarray(start), printed.length);
      if (at > from) there[index >> 5] = (there[index >> 5] as number) | (1 << (index & 31));
      if (at > from && split !== null) split(row, places, bytes, from, at);
      else {
        for (const place of places) {
          row.starts[place] = from;
          row.ends[place] = at;
        }
      }
      at += 1;
    }
    row.point(bytes);
    if (this.isOtherRecord()) return at;
    const { fixed, read } = this.readings.of(row, there);
    for (const { index, value } of fixed) given.put(index, value);
    for (const index of read) {
      const value = (columns[index] as PacketColumn).read(row);
      if (value !== null) given.put(index, value);
    }
    given.endRow();
    this.rows += 1;
    return at;
  }

  /** tshark has a line for journal entries and custom blocks of pcapng, too, which are no packets. */
  private isOtherRecord(): boolean {
    const protocols = this.row.layers.stack;
    if (protocols === "systemd_journal" || protocols === "") return true;
    return protocols === "data" && this.timed && !this.row.has(time);
  }
}

/** @param lines begin with the unreadable one. */
function unreadable(row: number, lines: Uint8Array, expected: number): SkbookError {
  const found = lines.subarray(0, lines.indexOf(newline)).filter((byte) => byte === tab).length + 1;
  return new SkbookError({
    code: "TSHARK_OUTPUT",
    tried: "read what tshark prints",
    failed: `line ${row} has ${found} fields instead of ${expected}`,
    todo: "report it with the version of tshark and, if you may, the capture",
  });
}
