import { writeFileSync } from "node:fs";

/** A packet of a pcapng file: when, on which interface, and how many were lost before it. */
export interface Recorded {
  seconds: number;
  frame: Buffer;
  interface?: number;
  dropped?: number;
}

interface Interface {
  name?: string;
  /** Packets that the capturing program lost, as its statistics say. */
  dropped?: number;
}

/** A custom block with these bytes, which is no packet. */
interface Custom {
  custom: Buffer;
}

/** A packet in a simple packet block, which has no time. */
interface Timeless {
  timeless: Buffer;
}

/** Writes a pcapng file (microseconds, Ethernet) of packets on some interfaces. */
export function writePcapng(
  path: string,
  packets: readonly (Recorded | Custom | Timeless)[],
  interfaces: readonly Interface[] = [{}],
): void {
  const blocks = [block(0x0a0d0d0a, section())];
  for (const { name } of interfaces) {
    blocks.push(
      block(1, Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 4, 0]), ...options([2, text(name)])])),
    );
  }
  for (const packet of packets) {
    if ("custom" in packet) {
      blocks.push(block(0xbad, Buffer.concat([enterprise, padded(packet.custom)])));
      continue;
    }
    if ("timeless" in packet) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(packet.timeless.length, 0);
      blocks.push(block(3, Buffer.concat([length, padded(packet.timeless)])));
      continue;
    }
    const { seconds, frame, interface: number = 0, dropped } = packet;
    const head = Buffer.alloc(20);
    const time = BigInt(Math.round((1_700_000_000 + seconds) * 1e6));
    head.writeUInt32LE(number, 0);
    head.writeUInt32LE(Number(time >> 32n), 4);
    head.writeUInt32LE(Number(time & 0xffffffffn), 8);
    head.writeUInt32LE(frame.length, 12);
    head.writeUInt32LE(frame.length, 16);
    blocks.push(block(6, Buffer.concat([head, padded(frame), ...options([4, count(dropped)])])));
  }
  for (const [number, { dropped }] of interfaces.entries()) {
    if (dropped === undefined) continue;
    const head = Buffer.alloc(12);
    head.writeUInt32LE(number, 0);
    blocks.push(block(5, Buffer.concat([head, ...options([5, count(dropped)])])));
  }
  writeFileSync(path, Buffer.concat(blocks));
}

/** Some private enterprise's number. */
const enterprise = Buffer.from([1, 0, 0, 0]);

function block(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  const length = 12 + body.length;
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(length, 0);
  return Buffer.concat([head, body, tail]);
}

function section(): Buffer {
  const body = Buffer.alloc(16, 0xff);
  body.writeUInt32LE(0x1a2b3c4d, 0);
  body.writeUInt16LE(1, 4);
  body.writeUInt16LE(0, 6);
  return body;
}

function options(...all: [code: number, value: Buffer | undefined][]): Buffer[] {
  const given = all.flatMap(([code, value]) => {
    if (value === undefined) return [];
    const head = Buffer.alloc(4);
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(value.length, 2);
    return [head, padded(value)];
  });
  return given.length === 0 ? [] : [...given, Buffer.alloc(4)];
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function text(value: string | undefined): Buffer | undefined {
  return value === undefined ? undefined : Buffer.from(value);
}

function count(value: number | undefined): Buffer | undefined {
  if (value === undefined) return undefined;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
