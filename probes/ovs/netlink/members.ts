import { hex, ip4, ip6, isFull, isZero, mac, wide } from "./values.js";

/** How a value of some bytes is written, and how its mask is where only some of its bits count. */
export interface Show {
  size: number;
  value(bytes: Buffer): string;
  mask(bytes: Buffer): string;
}

const number = (size: number, read: (bytes: Buffer) => number, value: (one: number) => string): Show => ({
  size,
  value: (bytes) => value(read(bytes)),
  mask: (bytes) => hex(read(bytes)),
});
const same = (size: number, write: (bytes: Buffer) => string): Show => ({ size, value: write, mask: write });

const byte = (bytes: Buffer) => bytes.readUInt8(0);
const big16 = (bytes: Buffer) => bytes.readUInt16BE(0);
const big32 = (bytes: Buffer) => bytes.readUInt32BE(0);
const host16 = (bytes: Buffer) => bytes.readUInt16LE(0);
const host32 = (bytes: Buffer) => bytes.readUInt32LE(0);

/** enum ovs_frag_type (include/uapi/linux/openvswitch.h). */
const fragments = ["no", "first", "later"];

export const show = {
  mac: same(6, mac),
  ip4: same(4, ip4),
  ip6: same(16, ip6),
  wide: same(16, wide),
  byte: number(1, byte, String),
  hexByte: number(1, byte, hex),
  fragment: number(1, byte, (one) => fragments[one] ?? hex(one)),
  /** Ports and the like, in network order. */
  port: number(2, big16, String),
  etherType: number(2, big16, (one) => `0x${one.toString(16).padStart(4, "0")}`),
  label: number(4, big32, hex),
  big64: same(8, (bytes) => hex(bytes.readBigUInt64BE(0))),
  host16: number(2, host16, String),
  host32: number(4, host32, String),
  hostHex: number(4, host32, hex),
} satisfies Record<string, Show>;

/** A value with its mask; undefined where the mask lets all of it pass. */
export function masked({ value, mask }: Show, bytes: Buffer, under: Buffer | null): string | undefined {
  if (under === null || isFull(under)) return value(bytes);
  return isZero(under) ? undefined : `${value(bytes)}/${mask(under)}`;
}

/** A member of a struct of the kernel's switch, at its place. */
export type Member = readonly [name: string, at: number, how: Show];

/** `src=192.0.2.1,dst=192.0.2.2`, of the members that count. */
export function members(all: readonly Member[], bytes: Buffer, under: Buffer | null): string {
  return all
    .flatMap(([name, at, how]) => {
      const part = (of: Buffer) => of.subarray(at, at + how.size);
      const written = masked(how, part(bytes), under && part(under));
      return written === undefined ? [] : [`${name}=${written}`];
    })
    .join(",");
}

/** Bytes that the members take. */
export function sizeOf(all: readonly Member[]): number {
  return Math.max(...all.map(([, at, how]) => at + how.size));
}

/** What of the members counts, by name; null where a mask has only some of the bits. */
export function exactly(
  all: readonly Member[],
  name: string,
  bytes: Buffer | undefined,
  under: Buffer | null,
): Buffer | null {
  const [, at, how] = all.find(([other]) => other === name) ?? [];
  if (at === undefined || how === undefined || bytes === undefined || bytes.length < at + how.size)
    return null;
  const counts =
    under === null || (under.length >= at + how.size && isFull(under.subarray(at, at + how.size)));
  return counts ? bytes.subarray(at, at + how.size) : null;
}
