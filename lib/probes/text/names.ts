import { type Bpf, bpf } from "./bpf.js";
import { constant } from "./numbers.js";

/** Bytes that the kernel has for a name of a device or command, the NUL at its end among them. */
const nameBytes = 16;

/** A name in two words of 64 bits: its bytes in order, a NUL behind them, then whatever was there before. */
export interface NameWords {
  first: Bpf;
  second: Bpf;
}

/** True where the words are this name. Integers are compared: strings cost the host much more. */
export function isNamed(words: NameWords, name: string): Bpf {
  return hasBytes(words, name, Buffer.byteLength(name) + 1);
}

/** True where the words begin with this text. */
export function beginsWith(words: NameWords, text: string): Bpf {
  return hasBytes(words, text, Buffer.byteLength(text));
}

/** True where the first bytes of the words are those of a text, and NULs behind it. */
function hasBytes({ first, second }: NameWords, text: string, length: number): Bpf {
  const [low, high] = wordsOf(text);
  const compare = (word: Bpf, wanted: bigint, bytes: number) =>
    bytes >= 8
      ? bpf`${word} == ${constant(wanted)}`
      : bpf`(${word} & ${constant(2n ** BigInt(8 * bytes) - 1n)}) == ${constant(wanted)}`;
  if (length <= 8) return compare(first, low, length);
  return bpf`(${compare(first, low, 8)} && ${compare(second, high, length - 8)})`;
}

/** Statements that leave of a word of a name what stands before its NUL, in the same variable. */
export function beforeNul(variable: Bpf): Bpf {
  const word = variable;
  return bpf`$nul = (${word} - 0x101010101010101) & ~${word} & ${constant(0x8080_8080_8080_8080n)};
  if ($nul != 0) { ${word} = ${word} & ((($nul & (0 - $nul)) - 1) >> 7); }`;
}

/** Statements that read text of any length into the two variables of a name, with nothing behind its NUL: as part of a key it is always the same. */
export function readName({ first, second }: NameWords, address: Bpf): Bpf {
  return bpf`$text = ${address}; ${first} = *($text); ${second} = *($text + 8);
  ${beforeNul(first)}
  if ($nul != 0) { ${second} = 0; } else { ${beforeNul(second)} }`;
}

/** The name of two words as they were printed; null where there is none. */
export function nameOf(first: string, second: string): string | null {
  const bytes = Buffer.alloc(nameBytes);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(first)));
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(second)), 8);
  const end = bytes.indexOf(0);
  return end === 0 ? null : bytes.subarray(0, end < 0 ? nameBytes : end).toString();
}

function wordsOf(name: string): [bigint, bigint] {
  const bytes = Buffer.alloc(nameBytes);
  bytes.write(name);
  return [bytes.readBigUInt64LE(), bytes.readBigUInt64LE(8)];
}
