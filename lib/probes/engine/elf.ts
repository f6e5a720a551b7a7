/** A program of an object file that bpftrace wrote: its clause, and how many instructions it has. */
export interface ClauseSize {
  clause: string;
  instructions: number;
}

const instructionBytes = 8;
const executable = 0x4;

/** The programs in an object file (ELF, 64 bit, little endian): its executable sections; null where it is none, or is cut. */
export function clauseSizes(file: Buffer): ClauseSize[] | null {
  if (file.length < 64 || file.toString("latin1", 0, 6) !== "\x7fELF\x02\x01") return null;
  const at = Number(file.readBigUInt64LE(40));
  const [size, count, namesIndex] = [file.readUInt16LE(58), file.readUInt16LE(60), file.readUInt16LE(62)];
  if (size < 64 || namesIndex >= count || at + size * count > file.length) return null;
  const section = (index: number) => {
    const start = at + index * size;
    return {
      nameAt: file.readUInt32LE(start),
      flags: file.readBigUInt64LE(start + 8),
      at: Number(file.readBigUInt64LE(start + 24)),
      bytes: Number(file.readBigUInt64LE(start + 32)),
    };
  };
  const names = section(namesIndex).at;
  const nameOf = (nameAt: number) => {
    const end = file.indexOf(0, names + nameAt);
    return file.toString("latin1", names + nameAt, end < 0 ? undefined : end);
  };
  return Array.from({ length: count }, (_, index) => section(index))
    .filter(({ flags, bytes }) => (Number(flags) & executable) !== 0 && bytes > 0)
    .map(({ nameAt, bytes }) => ({
      clause: nameOf(nameAt).replace(/^s_/, "").replace(/_\d+$/, ""),
      instructions: bytes / instructionBytes,
    }));
}
