import { closeSync, openSync, writeSync } from "node:fs";

/** What was written, so that a reader's counts can be checked. */
export interface Generated {
  packets: number;
  connections: number;
  retransmissions: number;
}

interface Segment {
  fromClient: boolean;
  flags: number;
  length: number;
  /** Sent before: repeats the segment before it. */
  again?: boolean;
}

const SYN = 0x02;
const ACK = 0x10;
const PSH_ACK = 0x18;
const FIN_ACK = 0x11;
const concurrent = 200;
const segmentBytes = 1448;

/**
 * Writes a capture of TCP connections between documentation addresses: handshake, request, response with delayed acks, now and then
 * a segment sent again after 300 ms, end. The same size gives the same bytes.
 */
export function generateCapture(path: string, bytes: number): Generated {
  const file = new PcapFile(path);
  const made: Generated = { packets: 0, connections: 0, retransmissions: 0 };
  const open: Connection[] = [];
  let microseconds = 1_700_000_000_000_000;
  while (file.size < bytes || open.length > 0) {
    if (open.length < concurrent && file.size < bytes) open.push(new Connection(made.connections++));
    const at = made.packets % open.length;
    const connection = open[at] as Connection;
    const segment = connection.segments[connection.next++] as Segment;
    if (segment.again) {
      microseconds += 300_000;
      made.retransmissions += 1;
    }
    microseconds += 40;
    file.write(microseconds, connection.frame(segment));
    made.packets += 1;
    if (connection.next === connection.segments.length) open.splice(at, 1);
  }
  file.close();
  return made;
}

class Connection {
  readonly segments: Segment[];
  next = 0;
  private readonly sequence = { client: 1_000, server: 500_000 };

  constructor(private readonly number: number) {
    this.segments = script(number);
  }

  /** The frame of a segment; moves the sender's sequence number on. */
  frame({ fromClient, flags, length, again }: Segment): Buffer {
    const frame = Buffer.alloc(54 + length, this.number & 0xff);
    const own = fromClient ? "client" : "server";
    const other = fromClient ? "server" : "client";
    const client = [192, 0, 2, 1 + (this.number % 250)];
    const server = [198, 51, 100, 1 + (this.number % 20)];
    const ports = [10_000 + (this.number % 50_000), 443 + Math.floor(this.number / 50_000)];
    frame.set([2, 0, 0, 0, 0, fromClient ? 2 : 1, 2, 0, 0, 0, 0, fromClient ? 1 : 2, 8, 0]);
    frame.set([0x45, 0], 14);
    frame.writeUInt16BE(40 + length, 16);
    frame.writeUInt32BE((((this.next & 0xffff) << 16) | 0x4000) >>> 0, 18);
    frame.set([64, 6, 0, 0, ...(fromClient ? client : server), ...(fromClient ? server : client)], 22);
    const [source, target] = fromClient ? ports : ports.reverse();
    frame.writeUInt16BE(source as number, 34);
    frame.writeUInt16BE(target as number, 36);
    frame.writeUInt32BE(this.sequence[own] - (again ? length : 0), 38);
    frame.writeUInt32BE(flags === SYN ? 0 : this.sequence[other], 42);
    frame.set([0x50, flags, 0xff, 0xff, 0, 0, 0, 0], 46);
    if (!again) this.sequence[own] += length + (flags & 0x03 ? 1 : 0);
    return frame;
  }
}

function script(number: number): Segment[] {
  const client = (flags: number, length = 0): Segment => ({ fromClient: true, flags, length });
  const server = (flags: number, length = 0): Segment => ({ fromClient: false, flags, length });
  const segments = [
    client(SYN),
    server(SYN | ACK),
    client(ACK),
    client(PSH_ACK, 300 + (number % 200)),
    server(ACK),
  ];
  const answers = 5 + ((number * 7919) % 90);
  for (let answer = 1; answer <= answers; answer++) {
    segments.push(server(PSH_ACK, segmentBytes));
    if (answer % 50 === 20) segments.push({ ...server(PSH_ACK, segmentBytes), again: true });
    if (answer % 2 === 0) segments.push(client(ACK));
  }
  return [...segments, client(ACK), server(FIN_ACK), client(FIN_ACK), server(ACK)];
}

class PcapFile {
  size = 0;
  private readonly file: number;
  private pending: Buffer[] = [];
  private pendingBytes = 0;

  constructor(path: string) {
    this.file = openSync(path, "wx", 0o600);
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(262_144, 16);
    header.writeUInt32LE(1, 20);
    this.add(header);
  }

  write(microseconds: number, frame: Buffer): void {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(Math.floor(microseconds / 1e6), 0);
    header.writeUInt32LE(microseconds % 1e6, 4);
    header.writeUInt32LE(frame.length, 8);
    header.writeUInt32LE(frame.length, 12);
    this.add(header);
    this.add(frame);
  }

  close(): void {
    this.flush();
    closeSync(this.file);
  }

  private add(bytes: Buffer): void {
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    this.size += bytes.length;
    if (this.pendingBytes > 2 ** 20) this.flush();
  }

  private flush(): void {
    writeSync(this.file, Buffer.concat(this.pending));
    this.pending = [];
    this.pendingBytes = 0;
  }
}
