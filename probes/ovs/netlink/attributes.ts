/** One attribute of a netlink message: its type without the flags, and its payload. */
export interface Attribute {
  type: number;
  payload: Buffer;
}

export interface Attributes {
  all: readonly Attribute[];
  /** Whether they end where the bytes do: else some are cut off, or the bytes are none. */
  whole: boolean;
}

/** NLA_F_NESTED and NLA_F_NET_BYTEORDER stand in the two high bits of a type. */
const typeMask = 0x3fff;
const headerBytes = 4;

/** The attributes that stand one behind the other in some bytes: 16 bits of length, 16 of type, each filled up to 4 bytes (struct nlattr). */
export function attributesIn(bytes: Buffer): Attributes {
  const all: Attribute[] = [];
  let at = 0;
  while (at + headerBytes <= bytes.length) {
    const [length, type] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2) & typeMask];
    if (length < headerBytes || at + length > bytes.length) return { all, whole: false };
    all.push({ type, payload: bytes.subarray(at + headerBytes, at + length) });
    at += (length + 3) & ~3;
  }
  return { all, whole: at >= bytes.length };
}

/** The payload of the first attribute of a type; undefined where there is none. */
export function payloadOf({ all }: Attributes, type: number): Buffer | undefined {
  return all.find((one) => one.type === type)?.payload;
}
