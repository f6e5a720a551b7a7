/** Where the bits of a field are: a number of 1, 2, 4 or 8 bytes is read at `offset`, shifted right, and masked. */
export interface BitPlace {
  offset: number;
  size: number;
  shift: number;
  bits: number;
}

const sizes = [1, 2, 4, 8];

/**
 * The smallest number that holds all of a bit field: aligned as compilers do it, else, in a packed struct, from whatever byte. Within the
 * struct where that can be. null where no number of 8 bytes holds it.
 */
export function placeBits(at: number, bits: number, structSize: number): BitPlace | null {
  for (const aligned of [true, false]) {
    for (const size of sizes) {
      const byte = aligned ? Math.floor(at / 8 / size) * size : Math.floor(at / 8);
      const offset = byte + size > structSize && structSize >= size ? structSize - size : byte;
      const shift = at - 8 * offset;
      if (shift >= 0 && shift + bits <= 8 * size) return { offset, size, shift, bits };
    }
  }
  return null;
}
