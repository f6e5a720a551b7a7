import { addressOf } from "../../../lib/probes/index.js";

// Values as ovs-dpctl writes them.

/** As C's %#x. */
export function hex(value: number | bigint): string {
  return value === 0 || value === 0n ? "0" : `0x${value.toString(16)}`;
}

/** Bytes that mean nothing to us. */
export function hexBytes(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

export function mac(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

export function ip4(bytes: Buffer): string {
  return [...bytes].join(".");
}

export function ip6(bytes: Buffer): string {
  return addressOf(6, String(bytes.readBigInt64LE(0)), String(bytes.readBigInt64LE(8)));
}

/** 128 bits, as a little-endian machine keeps them. */
export function wide(bytes: Buffer): string {
  return hex(bytes.readBigUInt64LE(0) | (bytes.readBigUInt64LE(8) << 64n));
}

/** Text of a message, up to its NUL, with nothing in it that a terminal or a list of actions would take for its own. */
export function plainText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes
    .subarray(0, end < 0 ? bytes.length : end)
    .toString("latin1")
    .replace(/[^\w.:-]/g, "?");
}

/** Bits by name with what they are, `+new-est`: those that the mask has. */
export function maskedFlags(names: readonly string[], value: number, mask: number): string {
  return names
    .map((name, bit) => ((mask >> bit) & 1 ? `${(value >> bit) & 1 ? "+" : "-"}${name}` : ""))
    .join("");
}

/** Bits that are set, by name: `syn|ack`. */
export function setFlags(names: readonly string[], value: number): string {
  return names.filter((_, bit) => (value >> bit) & 1).join("|") || "0";
}

export const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);
export const isFull = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0xff);
