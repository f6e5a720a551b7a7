import type { BtfFile } from "./file.js";
import { countOf, flagOf, isWrapper, Kind, kindOf } from "./kinds.js";
import { Strings } from "./strings.js";
import { mismatched, type Origin, unreadable } from "./unreadable.js";

/** One type's record. */
export interface Type {
  id: number;
  kind: number;
  nameAt: number;
  count: number;
  flag: boolean;
  /** A size in bytes or another type's id, by the kind. */
  value: number;
  /** The words behind the first three. */
  word(index: number): number;
}

/** A member of a struct or union, a parameter of a function. */
export interface Member {
  nameAt: number;
  type: number;
  /** Bits from the struct's begin, and the width where it is a bit field of the newer encoding; 0 for parameters. */
  bits: number;
  width: number;
}

/** Qualifiers and dimensions that hang on one another; C has some. */
const maxChain = 64;

/** Types by id, and their texts, of one file; a module's, where it continues vmlinux's, together with these. */
export class Space {
  readonly firstId: number;
  readonly strings: Strings;
  private readonly base: Space | null;

  constructor(
    readonly file: BtfFile,
    vmlinux: Space | null,
  ) {
    this.base = file.split ? vmlinux : null;
    if (file.split && vmlinux === null) {
      throw unreadable(file.origin, "it is the BTF of a module: it means nothing without vmlinux's");
    }
    this.firstId = this.base === null ? 1 : this.base.endId;
    this.strings = new Strings(file.origin, file.strings, this.base?.strings ?? null);
    // Beside another kernel's vmlinux, names would begin in the midst of texts.
    if (this.base !== null && !file.names.every((at) => this.strings.isBegin(at))) {
      throw mismatched(file.origin, "its names are none of this vmlinux");
    }
  }

  get origin(): Origin {
    return this.file.origin;
  }

  get endId(): number {
    return this.firstId + this.file.starts.length;
  }

  type(id: number): Type {
    if (this.base !== null && id < this.firstId) return this.base.type(id);
    const { types, starts } = this.file;
    const start = starts[id - this.firstId];
    if (start === undefined) throw unreadable(this.origin, `there is no type ${id} that it refers to`);
    const info = types.getUint32(start + 4, true);
    return {
      id,
      kind: kindOf(info),
      nameAt: types.getUint32(start, true),
      count: countOf(info),
      flag: flagOf(info),
      value: types.getUint32(start + 8, true),
      word: (index) => types.getUint32(start + 12 + 4 * index, true),
    };
  }

  /** Members of a struct or union, parameters of a prototype. */
  *members({ kind, count, flag, word }: Type): Generator<Member> {
    const each = kind === Kind.prototype ? 2 : 3;
    for (let index = 0; index < count; index += 1) {
      const at = index * each;
      const place = each === 3 ? word(at + 2) : 0;
      const [bits, width] = flag ? [place & 0xffffff, place >>> 24] : [place, 0];
      yield { nameAt: word(at), type: word(at + 1), bits, width };
    }
  }

  /** The type behind typedefs and qualifiers; null for `void`. */
  plain(id: number): Type | null {
    let next = id;
    for (let hops = 0; hops < maxChain; hops += 1) {
      if (next === 0) return null;
      const type = this.type(next);
      if (!isWrapper(type.kind)) return type;
      next = type.value;
    }
    throw this.endless(id);
  }

  /** Bytes that a value of the type takes; null where it can have none. */
  size(id: number): number | null {
    let factor = 1;
    let type = this.plain(id);
    for (let dimensions = 0; type !== null && dimensions < maxChain; dimensions += 1) {
      if (type.kind !== Kind.array) return this.ownSize(type, factor);
      factor *= type.word(2);
      type = this.plain(type.word(0));
    }
    if (type === null) return null;
    throw this.endless(id);
  }

  private ownSize({ id, kind, value }: Type, factor: number): number | null {
    const size = sized.has(kind) ? value : kind === Kind.pointer ? this.pointerSize : null;
    if (size === null) return null;
    if (factor * size > 0xffffffff) throw unreadable(this.origin, `an array of its type ${id} has no end`);
    return factor * size;
  }

  private endless(id: number): Error {
    return unreadable(this.origin, `its type ${id} is made of itself`);
  }

  private knownPointerSize: number | undefined;

  /** BTF says no size of pointers; in Linux, they are as large as a long. */
  private get pointerSize(): number {
    if (this.base !== null) return this.base.pointerSize;
    this.knownPointerSize ??= this.longSize();
    return this.knownPointerSize;
  }

  private longSize(): number {
    for (let id = this.firstId; id < this.endId; id += 1) {
      const { kind, value, nameAt } = this.type(id);
      if (kind === Kind.int && longs.has(this.strings.text(nameAt))) return value === 4 ? 4 : 8;
    }
    return 8;
  }
}

const sized: ReadonlySet<number> = new Set([
  Kind.int,
  Kind.struct,
  Kind.union,
  Kind.enum,
  Kind.enum64,
  Kind.float,
]);
const longs: ReadonlySet<string> = new Set(["long unsigned int", "unsigned long", "long int", "long"]);
