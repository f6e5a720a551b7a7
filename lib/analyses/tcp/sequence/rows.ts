import type { PassWriter } from "../../../captures/index.js";
import { chunkRows, type Value } from "../../../tables/index.js";
import { markColumns } from "./columns.js";
import type { Piece } from "./connection.js";
import type { Marks } from "./segment.js";

const readers = markColumns.map(({ read }) => read);

/** Puts rows together until a writer takes them. */
export class Rows {
  private columns: Value[][];
  private readonly full: Value[][][] = [];

  constructor(
    private readonly width: number,
    private readonly writer: PassWriter,
  ) {
    this.columns = this.empty();
  }

  add(values: readonly Value[]): void {
    for (let index = 0; index < values.length; index++)
      (this.columns[index] as Value[]).push(values[index] as Value);
    this.close();
  }

  /** What is said of a packet; nothing of one that is none of TCP's. */
  addMarks(frame: number, place: number, marks: Marks | null): void {
    const { columns } = this;
    (columns[0] as Value[]).push(frame);
    (columns[1] as Value[]).push(place);
    for (let index = 0; index < readers.length; index++) {
      const read = readers[index] as (marks: Marks) => Value;
      (columns[index + 2] as Value[]).push(marks === null ? null : read(marks));
    }
    this.close();
  }

  /** Writes what is full. */
  async settle(): Promise<void> {
    for (let rows = this.full.shift(); rows !== undefined; rows = this.full.shift())
      await this.writer.append(rows);
  }

  /** Writes the rest. */
  async finish(): Promise<void> {
    await this.settle();
    if ((this.columns[0] as Value[]).length > 0) await this.writer.append(this.columns);
  }

  private close(): void {
    if ((this.columns[0] as Value[]).length < chunkRows) return;
    this.full.push(this.columns);
    this.columns = this.empty();
  }

  private empty(): Value[][] {
    return Array.from({ length: this.width }, () => []);
  }
}

/** A row about a piece of a hole. */
export function pieceValues({ hole, begin, end, fate, filledBy, filledAt }: Piece): Value[] {
  const { frame, by, time, ackedBy } = hole;
  return [
    frame,
    by === "ack",
    begin,
    end - begin,
    fate,
    filledBy,
    filledAt === null ? null : filledAt - time,
    ackedBy,
  ];
}
