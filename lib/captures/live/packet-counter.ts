const pcapMagic = [0xa1b2c3d4, 0xa1b23c4d];
const sectionBlock = 0x0a0d0d0a;
const byteOrderMagic = 0x1a2b3c4d;
/** Block types of pcapng that hold one packet each: the obsolete, the simple and the enhanced one. */
const packetBlocks = [2, 3, 6];

/**
 * Counts the packets in the bytes of a pcap or pcapng file as they come; keeps no more than one header of it. It reads just the lengths,
 * for what to say while a capture runs: tshark reads the file.
 */
export class PacketCounter {
  packets = 0;
  private format: "unknown" | "pcap" | "pcapng" | "foreign" = "unknown";
  private littleEndian = true;
  private header: Buffer = Buffer.alloc(0);
  /** Bytes until the next header. */
  private skip = 0;

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.format !== "foreign") {
      if (this.skip > 0) {
        const skipped = Math.min(this.skip, chunk.length - at);
        this.skip -= skipped;
        at += skipped;
        continue;
      }
      const wanted = this.format === "pcap" ? 16 : 12;
      const taken = chunk.subarray(at, at + wanted - this.header.length);
      this.header = Buffer.concat([this.header, taken]);
      at += taken.length;
      if (this.header.length < wanted) continue;
      this.read(this.header);
      this.header = Buffer.alloc(0);
    }
  }

  private read(header: Buffer): void {
    if (this.format === "unknown") this.begin(header);
    else if (this.format === "pcap") {
      this.packets += 1;
      this.skip = this.number(header, 8);
    } else this.block(header);
  }

  private begin(header: Buffer): void {
    if (header.readUInt32LE(0) === sectionBlock) {
      this.format = "pcapng";
      this.block(header);
      return;
    }
    this.littleEndian = pcapMagic.includes(header.readUInt32LE(0));
    const known = this.littleEndian || pcapMagic.includes(header.readUInt32BE(0));
    this.format = known ? "pcap" : "foreign";
    this.skip = 24 - header.length;
  }

  private block(header: Buffer): void {
    // A section says its byte order itself; its own type reads the same both ways.
    if (header.readUInt32LE(0) === sectionBlock)
      this.littleEndian = header.readUInt32LE(8) === byteOrderMagic;
    const length = this.number(header, 4);
    if (length < header.length) this.format = "foreign";
    if (packetBlocks.includes(this.number(header, 0))) this.packets += 1;
    this.skip = length - header.length;
  }

  private number(header: Buffer, at: number): number {
    return this.littleEndian ? header.readUInt32LE(at) : header.readUInt32BE(at);
  }
}
