import { type Bpf, bpf } from "./bpf.js";

const largest = 2n ** 63n - 1n;

/** A 64-bit constant: bpftrace reads no literal above 2^63 - 1. */
export function constant(value: bigint): Bpf {
  return value > largest ? bpf`(uint64)${BigInt.asIntN(64, value)}` : bpf`${value}`;
}

/** 16 bits in network order, as a little-endian machine reads them, turned round. */
export function swapped16(value: Bpf): Bpf {
  return bpf`((${value} >> 8 & 0xff) | (${value} & 0xff) << 8)`;
}

/** 32 bits in network order, as a little-endian machine reads them, turned round. */
export function swapped32(value: Bpf): Bpf {
  return bpf`((${value} >> 24 & 0xff) | (${value} >> 8 & 0xff00) | (${value} & 0xff00) << 8 | (${value} & 0xff) << 24)`;
}
