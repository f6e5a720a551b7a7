import { SkbookError } from "../../errors.js";
import { chunkRows, type Value } from "../../tables/index.js";
import { packetColumns, protocolsField } from "./columns.js";
import { fields } from "./readers.js";
import { Row } from "./row.js";

const tab = 0x09;
const newline = 0x0a;

/** Reads tshark's tab-separated lines off byte chunks, and gives out the packet Table's columns in batches. */
export class PacketParser {
  /** Packets read so far. */
  rows = 0;
  private readonly row = new Row(fields.length, protocolsField);
  private rest: Buffer = Buffer.alloc(0);
  private batch: Value[][] = packetColumns.map(() => []);

  constructor(private readonly give: (columns: readonly (readonly Value[])[]) => void) {}

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
    const { starts } = this.row;
    let field = 0;
    starts[0] = start;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== tab) continue;
      field += 1;
      starts[field] = at + 1;
    }
    if (field !== fields.length - 1) throw unreadable(this.rows + 1, field + 1);
    starts[fields.length] = end + 1;
    this.row.point(bytes);
    for (let index = 0; index < packetColumns.length; index++) {
      (this.batch[index] as Value[]).push(
        (packetColumns[index] as (typeof packetColumns)[number]).read(this.row),
      );
    }
    this.rows += 1;
    if (this.rows % chunkRows === 0) {
      this.give(this.batch);
      for (const column of this.batch) column.length = 0;
    }
  }
}

function unreadable(row: number, found: number): SkbookError {
  return new SkbookError({
    code: "TSHARK_OUTPUT",
    tried: "read what tshark prints",
    failed: `line ${row} has ${found} fields instead of ${fields.length}`,
    todo: "report it with the version of tshark and, if you may, the capture",
  });
}
