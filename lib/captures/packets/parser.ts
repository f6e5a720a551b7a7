import { SkbookError } from "../../errors/index.js";
import { chunkRows, type Value } from "../../tables/index.js";
import { protocolsField } from "./columns.js";
import { field, type Printed, placeCount } from "./fields.js";
import type { PacketColumn } from "./readers.js";
import { Row } from "./row.js";

const time = field("frame.time_epoch");

const tab = 0x09;
const newline = 0x0a;

/** Reads tshark's tab-separated lines off byte chunks, and gives out the packet Table's columns in batches. */
export class PacketParser {
  /** Packets read so far. */
  rows = 0;
  private readonly row = new Row(placeCount(), protocolsField);
  private rest: Buffer = Buffer.alloc(0);
  private readonly batch: Value[][];
  /** Whether the lines say when each packet was captured. */
  private readonly timed: boolean;

  /**
   * @param printed the columns of each line, in their order.
   * @param columns what to read off them.
   */
  constructor(
    private readonly printed: readonly Printed[],
    private readonly columns: readonly PacketColumn[],
    private readonly give: (columns: readonly (readonly Value[])[]) => void,
  ) {
    this.timed = printed.some(({ places }) => places.includes(time));
    this.batch = columns.map(() => new Array<Value>(chunkRows).fill(null));
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
    const left = this.rows % chunkRows;
    if (left > 0) this.give(this.batch.map((column) => column.slice(0, left)));
  }

  private read(bytes: Buffer, start: number, end: number): void {
    const { row, printed, columns, batch } = this;
    let at = start;
    for (let index = 0; index < printed.length; index++) {
      const { places, split } = printed[index] as Printed;
      const from = at;
      while (at < end && bytes[at] !== tab) at++;
      if ((at === end) !== (index === printed.length - 1))
        throw unreadable(this.rows + 1, bytes.subarray(start, end), printed.length);
      if (split !== null) split(row, places, bytes, from, at);
      else {
        row.starts[places[0] as number] = from;
        row.ends[places[0] as number] = at;
      }
      at += 1;
    }
    row.point(bytes);
    if (this.isOtherRecord()) return;
    const place = this.rows % chunkRows;
    for (let index = 0; index < columns.length; index++) {
      (batch[index] as Value[])[place] = (columns[index] as PacketColumn).read(row);
    }
    this.rows += 1;
    if (place === chunkRows - 1) this.give(batch);
  }

  /** tshark has a line for journal entries and custom blocks of pcapng, too, which are no packets. */
  private isOtherRecord(): boolean {
    const protocols = this.row.layers.stack;
    if (protocols === "systemd_journal" || protocols === "") return true;
    return protocols === "data" && this.timed && !this.row.has(time);
  }
}

function unreadable(row: number, line: Uint8Array, expected: number): SkbookError {
  const found = line.filter((byte) => byte === tab).length + 1;
  return new SkbookError({
    code: "TSHARK_OUTPUT",
    tried: "read what tshark prints",
    failed: `line ${row} has ${found} fields instead of ${expected}`,
    todo: "report it with the version of tshark and, if you may, the capture",
  });
}
