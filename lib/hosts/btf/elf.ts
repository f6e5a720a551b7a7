import type { FileHandle } from "node:fs/promises";

/** More than any kernel's BTF, and than its table of sections. */
const maxBytes = 64 * 2 ** 20;

/**
 * The .BTF section of an ELF file (64 bit, little endian); null where it has none, or is none. Only what is needed is read: a vmlinux with
 * debug information has hundreds of megabytes.
 */
export async function btfSection(file: FileHandle): Promise<Uint8Array | null> {
  const header = await read(file, 0, 64);
  if (header === null || header.toString("latin1", 0, 6) !== "\x7fELF\x02\x01") return null;
  const [size, count, ofNames] = [header.readUInt16LE(58), header.readUInt16LE(60), header.readUInt16LE(62)];
  const table = await read(file, Number(header.readBigUInt64LE(40)), size * count);
  if (table === null || size < 64 || ofNames >= count) return null;
  const sections = Array.from({ length: count }, (_, at) => ({
    nameAt: table.readUInt32LE(at * size),
    at: Number(table.readBigUInt64LE(at * size + 24)),
    bytes: Number(table.readBigUInt64LE(at * size + 32)),
  }));
  const place = sections[ofNames];
  const names = place === undefined ? null : await read(file, place.at, place.bytes);
  const btf = sections.find(({ nameAt }) => names?.toString("latin1", nameAt, nameAt + 5) === ".BTF\0");
  return btf === undefined ? null : read(file, btf.at, btf.bytes);
}

async function read(file: FileHandle, at: number, length: number): Promise<Buffer | null> {
  if (length > maxBytes || !Number.isSafeInteger(at)) return null;
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, at);
  return bytesRead === length ? buffer : null;
}
