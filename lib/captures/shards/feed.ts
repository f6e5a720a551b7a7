import { writeSync } from "node:fs";
import { RecordReader } from "./records.js";

const outputBytes = 256 * 2 ** 10;

/** Writes one shard to a file descriptor: a capture of its own, with the packets of the plan that belong to it. */
export function feedShard(file: number, output: number, shard: Uint8Array, wanted: number): void {
  const writer = new Writer(output);
  const reader = new RecordReader(file);
  reader.open();
  writer.add(reader.bytes, reader.start, reader.end);
  for (let packet = 0; packet < shard.length; ) {
    const kind = reader.next();
    if (kind === "end") throw new Error(`the file ends after ${packet} packets`);
    if (kind === "other" || shard[packet] === wanted) writer.add(reader.bytes, reader.start, reader.end);
    if (kind === "packet") packet += 1;
  }
  writer.flush();
}

class Writer {
  private readonly buffer = Buffer.allocUnsafe(outputBytes);
  private used = 0;

  constructor(private readonly output: number) {}

  add(bytes: Buffer, start: number, end: number): void {
    let from = start;
    while (from < end) {
      if (this.used === this.buffer.length) this.flush();
      const length = Math.min(end - from, this.buffer.length - this.used);
      bytes.copy(this.buffer, this.used, from, from + length);
      this.used += length;
      from += length;
    }
  }

  flush(): void {
    let from = 0;
    while (from < this.used) from += writeSync(this.output, this.buffer, from, this.used - from);
    this.used = 0;
  }
}
