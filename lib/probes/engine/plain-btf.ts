/** Integers by their C name: bytes, and how they are read (1 signed, 4 truth values). */
const integers = {
  "unsigned char": [1, 0],
  "unsigned short": [2, 0],
  "unsigned int": [4, 0],
  "unsigned long": [8, 0],
  int: [4, 1],
  long: [8, 1],
  _Bool: [1, 4],
} as const;

/** The kernel's own names of them, as records of tracepoints have them. */
const names: { readonly [Integer in keyof typeof integers]?: readonly string[] } = {
  "unsigned char": ["u8", "__u8"],
  "unsigned short": ["u16", "__u16", "umode_t"],
  "unsigned int": ["u32", "__u32", "gfp_t", "dev_t", "uid_t", "gid_t"],
  "unsigned long": ["u64", "__u64", "size_t"],
  int: ["s32", "pid_t"],
  long: ["s64", "loff_t"],
  _Bool: ["bool"],
};

/** An enum that records have; which numbers it has doesn't matter. */
const anEnum = "skb_drop_reason";

const [ofInteger, ofEnum, ofTypedef] = [1, 6, 8];

/** Raw BTF of what is the same on every 64-bit kernel: integers, by their many names. No struct is in it. */
export function plainBtf(): Buffer {
  let strings = "\0";
  const textAt = (text: string) => {
    const at = strings.length;
    strings += `${text}\0`;
    return at;
  };
  const types: number[] = [];
  for (const [integer, [bytes, encoding]] of Object.entries(integers))
    types.push(textAt(integer), ofInteger << 24, bytes, (encoding << 24) | (8 * bytes));
  for (const [at, integer] of Object.keys(integers).entries())
    for (const name of names[integer as keyof typeof integers] ?? [])
      types.push(textAt(name), ofTypedef << 24, at + 1);
  types.push(textAt(anEnum), (ofEnum << 24) | 1, 4, textAt("NOT_DROPPED"), 0);
  // Magic, version and flags, length of the header, then place and length of types and strings.
  const header = [0x1eb9f, 24, 0, 4 * types.length, 4 * types.length, strings.length];
  const words = Buffer.from(Uint32Array.from([...header, ...types]).buffer);
  return Buffer.concat([words, Buffer.from(strings)]);
}
