import { readSync } from "node:fs";

/** What {@link RecordReader.next} found. */
export type RecordKind = "packet" | "other" | "end";

/** The file can't be taken apart packet by packet with certainty: one tshark has to read it whole. */
export class Unsplittable extends Error {}

const bufferBytes = 4 * 2 ** 20;
/** Longer than any packet that tshark takes, with its options. */
const maxRecordBytes = 2 ** 20;
const pcapHeaderBytes = 24;
const pcapRecordBytes = 16;

const section = 0x0a0d0d0a;
const interfaceBlock = 1;
const oldPacketBlock = 2;
const simplePacketBlock = 3;
const enhancedPacketBlock = 6;
/** Names, statistics, decryption secrets: no packets, but whoever reads packets may need them. */
const sideBlocks = new Set([4, 5, 10]);

/**
 * Walks the records of a pcap or pcapng file in place, from chunks of the file: after `next()`, `bytes` from `start` to before `end`
 * is the record, and of a packet `data` to before `dataEnd` what was captured.
 */
export class RecordReader {
  bytes: Buffer = Buffer.allocUnsafe(bufferBytes);
  start = 0;
  end = 0;
  data = 0;
  dataEnd = 0;
  /** Link type of the packet, as tcpdump numbers it. */
  link = 0;
  private filled = 0;
  private bigEndian = false;
  private pcapng = false;
  private interfaces: number[] = [];

  constructor(private readonly file: number) {}

  /** Reads the head of the file, which is a record of its own: it belongs to every part. */
  open(): void {
    if (!this.has(pcapHeaderBytes)) throw new Unsplittable("it is empty");
    const magic = this.bytes.readUInt32BE(0);
    if (magic === section) {
      this.pcapng = true;
      return;
    }
    this.bigEndian = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
    const known = this.bigEndian || magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1;
    if (!known || this.u16(4) !== 2 || this.u16(6) !== 4)
      throw new Unsplittable("neither pcap 2.4 nor pcapng");
    this.link = this.u32(20) & 0x03ffffff;
    this.end = pcapHeaderBytes;
  }

  next(): RecordKind {
    this.start = this.end;
    return this.pcapng ? this.nextBlock() : this.nextPcap();
  }

  private nextPcap(): RecordKind {
    if (!this.has(pcapRecordBytes)) return "end";
    const length = this.u32(this.start + 8);
    if (length > maxRecordBytes || !this.has(pcapRecordBytes + length)) return "end";
    this.data = this.start + pcapRecordBytes;
    this.dataEnd = this.data + length;
    this.end = this.dataEnd;
    return "packet";
  }

  private nextBlock(): RecordKind {
    if (!this.has(12)) return "end";
    const isSection = this.bytes.readUInt32BE(this.start) === section;
    if (isSection) this.beginSection();
    const type = isSection ? section : this.u32(this.start);
    const length = this.u32(this.start + 4);
    if (length < 12 || length % 4 !== 0 || length > maxRecordBytes || !this.has(length)) return "end";
    this.end = this.start + length;
    switch (type) {
      case enhancedPacketBlock:
        return this.packet(this.u32(this.start + 8), 28, this.u32(this.start + 20));
      case oldPacketBlock:
        return this.packet(this.u16(this.start + 8), 28, this.u32(this.start + 20));
      case simplePacketBlock:
        return this.packet(0, 12, this.u32(this.start + 8));
      case interfaceBlock:
        this.interfaces.push(this.u16(this.start + 8));
        return "other";
      case section:
        return "other";
      default:
        if (sideBlocks.has(type)) return "other";
        throw new Unsplittable(`it has blocks of type ${type}`);
    }
  }

  private beginSection(): void {
    this.bigEndian = this.bytes.readUInt32BE(this.start + 8) === 0x1a2b3c4d;
    this.interfaces = [];
  }

  private packet(number: number, header: number, length: number): RecordKind {
    const link = this.interfaces[number];
    if (link === undefined) throw new Unsplittable("a packet names an interface that isn't described");
    this.link = link;
    this.data = this.start + header;
    this.dataEnd = Math.min(this.data + length, this.end - 4);
    return "packet";
  }

  /** Whether so many bytes follow from `start`; moves what is left to the front of the buffer and fills it up. */
  private has(length: number): boolean {
    if (this.start + length <= this.filled) return true;
    this.bytes.copyWithin(0, this.start, this.filled);
    this.filled -= this.start;
    this.start = 0;
    this.end = 0;
    while (this.filled < this.bytes.length) {
      const read = readSync(this.file, this.bytes, this.filled, this.bytes.length - this.filled, null);
      if (read === 0) break;
      this.filled += read;
    }
    return length <= this.filled;
  }

  private u16(at: number): number {
    return this.bigEndian ? this.bytes.readUInt16BE(at) : this.bytes.readUInt16LE(at);
  }

  private u32(at: number): number {
    return this.bigEndian ? this.bytes.readUInt32BE(at) : this.bytes.readUInt32LE(at);
  }
}
