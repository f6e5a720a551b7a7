import { SkbookError } from "../../errors.js";
import { chunkRows, type Value } from "../../tables/index.js";
import { protocolsField } from "./columns.js";
import { fields, type PacketColumn } from "./readers.js";
import { Row } from "./row.js";

const tab = 0x09;
const newline = 0x0a;

/** Reads tshark's tab-separated lines off byte chunks, and gives out the packet Table's columns in batches. */
export class PacketParser {
  /** Packets read so far. */
  rows = 0;
  private readonly row = new Row(fields.length, protocolsField);
  private rest: Buffer = Buffer.alloc(0);
  private readonly batch: Value[][];
  /** Where each printed field belongs in the row. */
  private readonly places: number[];

  /**
   * @param printed the fields of each line, in their order.
   * @param columns what to read off them.
   */
  constructor(
    printed: readonly string[],
    private readonly columns: readonly PacketColumn[],
    private readonly give: (columns: readonly (readonly Value[])[]) => void,
  ) {
    this.places = printed.map((name) => fields.indexOf(name));
    this.batch = columns.map(() => []);
  }

  /** Reads all complete lines; the rest waits for the next chunk. */
  push(chunk: Uint8Array): void {
    const bytes =
      this.rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([this.rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(newline, start); end >= 0; end = bytes.indexOf(newline, start)) {
      this.read(bytes, start, end);
      start = end + 1;
    }
    this.rest = bytes.subarray(start);
  }

  /** Gives out what is left. A last line without its end was cut off with tshark, and is dropped. */
  end(): void {
    if ((this.batch[0]?.length ?? 0) > 0) this.give(this.batch);
  }

  private read(bytes: Buffer, start: number, end: number): void {
    const { places } = this;
    const { starts, ends } = this.row;
    let field = 0;
    let place = places[0] as number;
    starts[place] = start;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== tab) continue;
      ends[place] = at;
      field += 1;
      place = places[field] ?? 0;
      starts[place] = at + 1;
    }
    if (field !== places.length - 1) throw unreadable(this.rows + 1, field + 1, places.length);
    ends[place] = end;
    this.row.point(bytes);
    for (let index = 0; index < this.columns.length; index++) {
      (this.batch[index] as Value[]).push((this.columns[index] as PacketColumn).read(this.row));
    }
    this.rows += 1;
    if (this.rows % chunkRows === 0) {
      this.give(this.batch);
      for (const column of this.batch) column.length = 0;
    }
  }
}

function unreadable(row: number, found: number, expected: number): SkbookError {
  return new SkbookError({
    code: "TSHARK_OUTPUT",
    tried: "read what tshark prints",
    failed: `line ${row} has ${found} fields instead of ${expected}`,
    todo: "report it with the version of tshark and, if you may, the capture",
  });
}
