import { Renumbering } from "./renumber.js";

const newline = 0x0a;
const outputBytes = 256 * 2 ** 10;

/** The lines that tshark printed of one shard, and the number in the whole file of each shard's packets. */
export interface ShardLines {
  bytes: AsyncIterable<Uint8Array>;
  frames: Uint32Array;
}

/**
 * Puts the shards' lines together in the order of the whole file, numbered as tshark numbers the whole file: byte for byte what one
 * tshark would have printed.
 *
 * @param fields what the lines hold.
 * @returns how many lines there were.
 */
export async function* mergeShards(
  shards: readonly ShardLines[],
  fields: readonly string[],
): AsyncGenerator<Uint8Array, number> {
  const renumbering = new Renumbering(fields, shards);
  const cursors = shards.map((shard) => new Cursor(shard));
  const output = new Output(renumbering);
  try {
    for (const cursor of cursors) await cursor.advance();
    for (;;) {
      const [first, limit] = foremost(cursors);
      if (first === undefined) break;
      do {
        output.add(cursors.indexOf(first), first);
        if (!first.next()) await first.advance();
      } while (first.frame < limit && !output.isFull());
      if (output.isFull()) yield output.take();
    }
    yield output.take();
    return cursors.reduce((sum, { lines }) => sum + lines, 0);
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()));
  }
}

/** The cursor with the lowest frame, and the lowest frame of the others. */
function foremost(cursors: readonly Cursor[]): [Cursor | undefined, number] {
  let first: Cursor | undefined;
  let limit = Number.POSITIVE_INFINITY;
  for (const cursor of cursors) {
    if (cursor.frame === Number.POSITIVE_INFINITY) continue;
    if (first === undefined || cursor.frame < first.frame) {
      limit = first?.frame ?? limit;
      first = cursor;
    } else if (cursor.frame < limit) limit = cursor.frame;
  }
  return [first, limit];
}

/** Stands on one line of a shard after the other. */
class Cursor {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  /** Behind the line's newline. */
  end = 0;
  /** Number of the line's packet in the whole file; infinite behind the last. */
  frame = Number.POSITIVE_INFINITY;
  lines = 0;
  private readonly chunks: AsyncIterator<Uint8Array>;

  constructor(private readonly shard: ShardLines) {
    this.chunks = shard.bytes[Symbol.asyncIterator]();
  }

  /** Goes to the next line where it is there already. */
  next(): boolean {
    const at = this.bytes.indexOf(newline, this.end);
    if (at < 0) return false;
    this.start = this.end;
    this.end = at + 1;
    this.frame = this.shard.frames[this.lines] ?? Number.POSITIVE_INFINITY;
    this.lines += 1;
    return true;
  }

  /** Goes to the next line, or behind the last. A last line without its end was cut off with tshark. */
  async advance(): Promise<void> {
    while (!this.next()) {
      const { value, done } = await this.chunks.next();
      if (done) {
        this.frame = Number.POSITIVE_INFINITY;
        return;
      }
      const rest = this.bytes.subarray(this.end);
      this.bytes = rest.length === 0 ? Buffer.from(value) : Buffer.concat([rest, value]);
      this.end = 0;
    }
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }
}

class Output {
  private buffer = Buffer.allocUnsafe(outputBytes);
  private used = 0;

  constructor(private readonly renumbering: Renumbering) {}

  isFull(): boolean {
    return this.used >= outputBytes / 2;
  }

  add(shard: number, { bytes, start, end }: Cursor): void {
    // Numbers only get a few digits longer.
    const room = (end - start) * 12;
    if (this.used + room > this.buffer.length) {
      const bigger = Buffer.allocUnsafe(this.used + room);
      this.buffer.copy(bigger, 0, 0, this.used);
      this.buffer = bigger;
    }
    this.used = this.renumbering.write(shard, bytes, start, end, this.buffer, this.used);
  }

  take(): Uint8Array {
    const taken = this.buffer.subarray(0, this.used);
    this.buffer = Buffer.allocUnsafe(outputBytes);
    this.used = 0;
    return taken;
  }
}
