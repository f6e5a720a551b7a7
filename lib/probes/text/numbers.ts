import { type Bpf, bpf } from "./bpf.js";

const largest = 2n ** 63n - 1n;

/** A 64-bit constant: bpftrace reads no literal above 2^63 - 1. Without a cast, which would cost a pass of its C compiler. */
export function constant(value: bigint): Bpf {
  return value > largest ? bpf`(${value >> 32n} << 32 | ${value & 0xffff_ffffn})` : bpf`${value}`;
}

/** A printed number as the signed one of 32 bits that it is: what a function returned. */
export function signed32(word: string): number {
  return Number(BigInt.asIntN(32, BigInt(word)));
}

/** 16 bits in network order, as a little-endian machine reads them, turned round. */
export function swapped16(value: Bpf): Bpf {
  return bpf`((${value} >> 8 & 0xff) | (${value} & 0xff) << 8)`;
}

/** 32 bits in network order, as a little-endian machine reads them, turned round. */
export function swapped32(value: Bpf): Bpf {
  return bpf`((${value} >> 24 & 0xff) | (${value} >> 8 & 0xff00) | (${value} & 0xff00) << 8 | (${value} & 0xff) << 24)`;
}
