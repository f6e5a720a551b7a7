/** A small ELF file (64 bit, little endian) with a section of that name. */
export function elfWith(name: string, content: Uint8Array): Buffer {
  const names = Buffer.from(`\0.text\0${name}\0.shstrtab\0`, "latin1");
  const sections = [
    { nameAt: 0, at: 0, bytes: 0 },
    { nameAt: 7, at: 64, bytes: content.length },
    { nameAt: 8 + name.length, at: 64 + content.length, bytes: names.length },
  ];
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeBigUInt64LE(BigInt(64 + content.length + names.length), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(sections.length, 60);
  header.writeUInt16LE(2, 62);
  const table = sections.map(({ nameAt, at, bytes }) => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(nameAt, 0);
    entry.writeBigUInt64LE(BigInt(at), 24);
    entry.writeBigUInt64LE(BigInt(bytes), 32);
    return entry;
  });
  return Buffer.concat([header, content, names, ...table]);
}
