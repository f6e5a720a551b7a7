import { Kind } from "../../lib/btf/kinds.js";

/** A member, at a place in bits, with a width where it is a bit field. */
export interface WrittenMember {
  name: string;
  type: number;
  bits: number;
  width?: number;
}

export interface WrittenInteger {
  signed?: boolean;
  /** Of the older encoding of bit fields: fewer than the bytes have, and so many into them. */
  bits?: number;
  into?: number;
}

/** Writes BTF; each method adds a type and says its id. With a base, as a module's: ids and strings continue those of the base. */
export class BtfWriter {
  private readonly types: number[] = [];
  private readonly strings = new Map<string, number>();
  private nextString: number;
  private nextId: number;

  constructor(private readonly base?: BtfWriter) {
    this.nextString = base?.nextString ?? 0;
    this.nextId = base?.nextId ?? 1;
    if (base === undefined) this.text("");
  }

  int(
    name: string,
    size: number,
    { signed = false, bits = 8 * size, into = 0 }: WrittenInteger = {},
  ): number {
    return this.add(name, Kind.int, 0, size, [(signed ? 1 << 24 : 0) | (into << 16) | bits]);
  }

  pointer(to: number): number {
    return this.add("", Kind.pointer, 0, to);
  }

  array(element: number, length: number): number {
    return this.add("", Kind.array, 0, 0, [element, 1, length]);
  }

  struct(name: string, size: number, members: readonly WrittenMember[], kind: number = Kind.struct): number {
    const flag = members.some(({ width }) => width !== undefined);
    const words = members.flatMap(({ name, type, bits, width = 0 }) => [
      this.text(name),
      type,
      flag ? (width << 24) | bits : bits,
    ]);
    return this.add(name, kind, members.length, size, words, flag);
  }

  union(name: string, size: number, members: readonly WrittenMember[]): number {
    return this.struct(name, size, members, Kind.union);
  }

  enum(name: string, values: Record<string, number>, signed = false): number {
    const words = Object.entries(values).flatMap(([name, value]) => [this.text(name), value]);
    return this.add(name, Kind.enum, words.length / 2, 4, words, signed);
  }

  enum64(name: string, values: Record<string, bigint>, signed = false): number {
    const words = Object.entries(values).flatMap(([name, value]) => [
      this.text(name),
      Number(value & 0xffffffffn),
      Number((value >> 32n) & 0xffffffffn),
    ]);
    return this.add(name, Kind.enum64, words.length / 3, 8, words, signed);
  }

  forward(name: string): number {
    return this.add(name, Kind.forward, 0, 0);
  }

  /** A typedef, a qualifier, a tag of a type, or a function that has a prototype. */
  over(kind: number, type: number, name = ""): number {
    return this.add(name, kind, kind === Kind.function ? 1 : 0, type);
  }

  prototype(returns: number, parameters: readonly [name: string, type: number][]): number {
    const words = parameters.flatMap(([name, type]) => [this.text(name), type]);
    return this.add("", Kind.prototype, parameters.length, returns, words);
  }

  variable(name: string, type: number): number {
    return this.add(name, Kind.variable, 0, type, [1]);
  }

  section(name: string, variables: readonly [type: number, at: number, size: number][]): number {
    return this.add(name, Kind.section, variables.length, 0, variables.flat());
  }

  float(name: string, size: number): number {
    return this.add(name, Kind.float, 0, size);
  }

  declarationTag(name: string, type: number, component: number): number {
    return this.add(name, Kind.declarationTag, 0, type, [component]);
  }

  bytes(headerLength = 24): Buffer {
    const types = Buffer.alloc(4 * this.types.length);
    for (const [at, word] of this.types.entries()) types.writeUInt32LE(word >>> 0, 4 * at);
    const strings = Buffer.from([...this.strings.keys()].map((text) => `${text}\0`).join(""), "latin1");
    return btfOf(types, strings, headerLength);
  }

  private add(
    name: string,
    kind: number,
    count: number,
    value: number,
    words: readonly number[] = [],
    flag = false,
  ) {
    this.types.push(this.text(name), ((flag ? 1 << 31 : 0) | (kind << 24) | count) >>> 0, value, ...words);
    this.nextId += 1;
    return this.nextId - 1;
  }

  private text(text: string): number {
    const known = this.known(text);
    if (known !== undefined) return known;
    const at = this.nextString;
    this.strings.set(text, at);
    this.nextString += text.length + 1;
    return at;
  }

  private known(text: string): number | undefined {
    return this.base?.known(text) ?? this.strings.get(text);
  }
}

/** A header, and the two sections. */
export function btfOf(types: Buffer, strings: Buffer, headerLength = 24): Buffer {
  const header = Buffer.alloc(headerLength);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  const places = [headerLength, 0, types.length, types.length, strings.length];
  for (const [at, word] of places.entries()) header.writeUInt32LE(word, 4 + 4 * at);
  return Buffer.concat([header, types, strings]);
}

/** What every kernel has: enough to be taken for one. */
export function kernelBtf(): BtfWriter {
  const btf = new BtfWriter();
  const int = btf.int("unsigned int", 4);
  btf.struct("task_struct", 64, [{ name: "pid", type: int, bits: 0 }]);
  btf.struct("sk_buff", 232, [{ name: "len", type: int, bits: 8 * 112 }]);
  return btf;
}
