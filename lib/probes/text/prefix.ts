import ipaddr from "ipaddr.js";
import { SkbookError } from "../../errors/index.js";
import { type Bpf, bpf, joined } from "./bpf.js";
import { constant } from "./numbers.js";

/** 4 or 6; throws for text that is neither an address nor a prefix. */
export function ipVersion(prefix: string): 4 | 6 {
  return parsePrefix(prefix)[0].kind() === "ipv4" ? 4 : 6;
}

/** Whether a text is an address or a prefix that {@link inPrefix} takes. */
export function isPrefix(text: string): boolean {
  const [address = "", length] = text.split("/");
  const valid = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return valid && (length === undefined || ipaddr.isValidCIDR(text));
}

/** Whether only one address lies in a prefix. */
export function isAddress(prefix: string): boolean {
  const [address, length] = parsePrefix(prefix);
  return length === 8 * address.toByteArray().length;
}

/** An address in two words of 64 bits, as a little-endian machine reads them in network order; of IPv4, the first is 0. */
export interface AddressWords {
  high: Bpf;
  low: Bpf;
}

/**
 * True where an address lies in a prefix of its IP version.
 *
 * @param prefix `192.0.2.1`, `198.51.100.0/24`, `2001:db8::/32`.
 */
export function inPrefix({ high, low }: AddressWords, prefix: string): Bpf {
  const [address, length] = parsePrefix(prefix);
  const bytes = Buffer.from(address.toByteArray());
  const mask = Buffer.alloc(bytes.length);
  for (let bit = 0; bit < length; bit++) mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  const words =
    bytes.length === 4
      ? ([[low, 0, 4]] as const)
      : ([
          [high, 0, 8],
          [low, 8, 8],
        ] as const);
  const tests = words.flatMap(([word, offset, size]) => {
    const [masked, wanted] = [littleEndian(mask, offset, size), littleEndian(bytes, offset, size)];
    const whole = masked === 2n ** BigInt(8 * size) - 1n;
    if (masked === 0n) return [];
    return [bpf`${whole ? word : bpf`(${word} & ${constant(masked)})`} == ${constant(wanted & masked)}`];
  });
  return tests.length === 0 ? bpf`1` : bpf`(${joined(tests, " && ")})`;
}

/** The address of two words as they were printed, as text. */
export function addressOf(version: 4 | 6, high: string, low: string): string {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(high)));
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(low)), 8);
  return ipaddr.fromByteArray([...(version === 4 ? bytes.subarray(8, 12) : bytes)]).toString();
}

function littleEndian(bytes: Buffer, offset: number, size: 4 | 8): bigint {
  return size === 4 ? BigInt(bytes.readUInt32LE(offset)) : bytes.readBigUInt64LE(offset);
}

/** @throws SkbookError `BAD_PARAMETER` */
function parsePrefix(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (typeof text !== "string" || !isPrefix(text)) {
    throw new SkbookError({
      code: "BAD_PARAMETER",
      tried: "read an address or a prefix",
      failed: `${typeof text === "string" ? JSON.stringify(text.slice(0, 80)) : typeof text} is neither`,
      todo: "give an IPv4 or IPv6 address, or a prefix such as 198.51.100.0/24",
    });
  }
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}
