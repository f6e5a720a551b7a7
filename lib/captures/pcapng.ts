import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";

/** What the blocks of a pcapng file say besides their packets. */
export interface PcapngFacts {
  /** Packets that the capturing program lost, by the statistics of interfaces and the counts beside packets; null where none says. */
  lost: number | null;
  /** Names of the interfaces, in the order of their numbers in the first section. */
  interfaces: (string | null)[];
  /** Times of its packets, in nanoseconds since 1970; null where none has one. */
  times: { first: bigint; last: bigint; inOrder: boolean } | null;
}

interface Interface {
  name: string | null;
  ticks: bigint;
  offset: bigint;
  /** By its statistics, and by the counts beside its packets. */
  dropped: number | null;
  between: number;
}

const sectionBlock = 0x0a0d0d0a;
const interfaceBlock = 1;
const packetBlock = 6;
const statisticsBlock = 5;
/** A longer block is no packet, and the rest of the file isn't read. */
const longest = 16 * 2 ** 20;
const nsPerSecond = 1_000_000_000n;

/**
 * Reads a pcapng file for what tshark doesn't tell: drops, names of interfaces, and times where other blocks have hidden them from
 * capinfos. null for a file of another format, or one that can't be read that far.
 */
export async function readPcapng(path: string): Promise<PcapngFacts | null> {
  const magic = await magicOf(path);
  const file = createReadStream(path, { highWaterMark: 2 ** 20 });
  if (magic === sectionBlock) return readBlocks(file);
  return (magic & 0xffff) === 0x8b1f ? readBlocks(file.pipe(createGunzip())).catch(() => null) : null;
}

async function magicOf(path: string): Promise<number> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(4);
    const { bytesRead } = await file.read(head, 0, 4, 0);
    return bytesRead === 4 ? head.readUInt32LE(0) : 0;
  } finally {
    await file.close();
  }
}

/** The same of its bytes. */
export async function readBlocks(chunks: AsyncIterable<Buffer>): Promise<PcapngFacts | null> {
  const blocks = new Blocks();
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!begun) {
      if (bytes.length < 12) {
        rest = bytes;
        continue;
      }
      if (bytes.readUInt32LE(0) !== sectionBlock) return null;
      begun = true;
    }
    const read = blocks.read(bytes);
    if (read < 0) break;
    rest = bytes.subarray(read);
  }
  return begun ? blocks.facts() : null;
}

class Blocks {
  private little = true;
  private section: Interface[] = [];
  private readonly all: Interface[] = [];
  private names: (string | null)[] | null = null;
  private times: PcapngFacts["times"] = null;
  private before: bigint | null = null;

  facts(): PcapngFacts {
    const told = this.all.filter(({ dropped, between }) => dropped !== null || between > 0);
    return {
      lost:
        told.length === 0
          ? null
          : told.reduce((sum, { dropped, between }) => sum + Math.max(dropped ?? 0, between), 0),
      interfaces: this.names ?? this.section.map(({ name }) => name),
      times: this.times,
    };
  }

  /** Reads whole blocks, and says how far; negative where what follows is none. */
  read(bytes: Buffer): number {
    let at = 0;
    while (bytes.length - at >= 12) {
      const isSection = bytes.readUInt32LE(at) === sectionBlock;
      if (isSection) this.little = bytes.readUInt32LE(at + 8) === 0x1a2b3c4d;
      const length = this.u32(bytes, at + 4);
      if (length < 12 || length % 4 !== 0 || length > longest) return -1;
      if (bytes.length - at < length) break;
      this.block(isSection ? sectionBlock : this.u32(bytes, at), bytes, at + 8, at + length - 4);
      at += length;
    }
    return at;
  }

  private block(type: number, bytes: Buffer, start: number, end: number): void {
    if (type === sectionBlock) {
      if (this.section.length > 0) this.names ??= this.section.map(({ name }) => name);
      this.section = [];
    } else if (type === interfaceBlock) this.interface(bytes, start, end);
    else if (type === packetBlock && end - start >= 20) this.packet(bytes, start, end);
    else if (type === statisticsBlock && end - start >= 12) this.statistics(bytes, start, end);
  }

  private interface(bytes: Buffer, start: number, end: number): void {
    const one: Interface = { name: null, ticks: 1_000_000n, offset: 0n, dropped: null, between: 0 };
    this.options(bytes, start + 8, end, (code, from, to) => {
      if (code === 2) one.name = bytes.toString("utf8", from, to).replace(/\0.*$/s, "");
      const resolution = bytes[from] ?? 6;
      if (code === 9)
        one.ticks = resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
      if (code === 14 && to - from === 8)
        one.offset = this.little ? bytes.readBigInt64LE(from) : bytes.readBigInt64BE(from);
    });
    this.section.push(one);
    this.all.push(one);
  }

  private packet(bytes: Buffer, start: number, end: number): void {
    const one = this.section[this.u32(bytes, start)];
    if (one === undefined) return;
    const ticks = (BigInt(this.u32(bytes, start + 4)) << 32n) | BigInt(this.u32(bytes, start + 8));
    const time = (ticks * nsPerSecond) / one.ticks + one.offset * nsPerSecond;
    const { times, before } = this;
    const inOrder = (times?.inOrder ?? true) && (before === null || time >= before);
    this.times = {
      first: times === null || time < times.first ? time : times.first,
      last: times === null || time > times.last ? time : times.last,
      inOrder,
    };
    this.before = time;
    const options = start + 20 + Math.ceil(this.u32(bytes, start + 12) / 4) * 4;
    this.options(bytes, options, end, (code, from, to) => {
      if (code === 4 && to - from === 8) one.between += this.u64(bytes, from);
    });
  }

  private statistics(bytes: Buffer, start: number, end: number): void {
    const one = this.section[this.u32(bytes, start)];
    if (one === undefined) return;
    let dropped: number | null = null;
    this.options(bytes, start + 12, end, (code, from, to) => {
      // By the interface, and by the system for want of room.
      if ((code === 5 || code === 7) && to - from === 8) dropped = (dropped ?? 0) + this.u64(bytes, from);
    });
    // Each block counts from the start of the capture.
    if (dropped !== null) one.dropped = Math.max(one.dropped ?? 0, dropped);
  }

  private options(
    bytes: Buffer,
    start: number,
    end: number,
    each: (code: number, from: number, to: number) => void,
  ): void {
    for (let at = start; at + 4 <= end; ) {
      const code = this.u16(bytes, at);
      const length = this.u16(bytes, at + 2);
      if (code === 0 || at + 4 + length > end) return;
      each(code, at + 4, at + 4 + length);
      at += 4 + Math.ceil(length / 4) * 4;
    }
  }

  private u16(bytes: Buffer, at: number): number {
    return this.little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  private u32(bytes: Buffer, at: number): number {
    return this.little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  private u64(bytes: Buffer, at: number): number {
    return Number(this.little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  }
}
