import { placeBits } from "./bits.js";
import { isAggregate, Kind } from "./kinds.js";
import type { FieldLayout } from "./layout.js";
import type { Member, Space, Type } from "./space.js";
import { unreadable } from "./unreadable.js";

/** Where a walk from the outermost struct has come to. */
interface Place {
  type: number;
  bits: number;
  width: number;
  /** Behind the end that the struct itself has: in an array without a length. */
  open: boolean;
}

/** Walks from a struct into it; null where there is no such member, or a pointer on the way. */
export function layoutOf(space: Space, root: Type, steps: readonly (string | number)[]): FieldLayout | null {
  let place: Place | null = { type: root.id, bits: 0, width: 0, open: false };
  for (const step of steps) {
    place = typeof step === "number" ? element(space, place, step) : member(space, place, step);
    if (place === null) return null;
  }
  return describe(space, root, place);
}

function element(space: Space, { type, bits, open }: Place, index: number): Place | null {
  const array = space.plain(type);
  if (array?.kind !== Kind.array) return null;
  const [inner, length] = [array.word(0), array.word(2)];
  const size = space.size(inner);
  if (size === null || (length > 0 && index >= length)) return null;
  return { type: inner, bits: bits + 8 * size * index, width: 0, open: open || length === 0 };
}

function member(space: Space, { type, bits, open }: Place, name: string): Place | null {
  const outer = space.plain(type);
  if (outer === null || !isAggregate(outer.kind)) return null;
  const found = findMember(space, outer, name);
  return found === null ? null : { type: found.type, bits: bits + found.bits, width: found.width, open };
}

/** Looks through anonymous members too; each struct once, whatever refers to it. */
function findMember(space: Space, outer: Type, name: string): Member | null {
  const seen = new Set([outer.id]);
  const waiting: { type: Type; bits: number }[] = [{ type: outer, bits: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const found of space.members(next.type)) {
      const text = space.strings.text(found.nameAt);
      const bits = next.bits + found.bits;
      if (text === name) return { ...found, bits };
      const inner = text === "" ? space.plain(found.type) : null;
      if (inner === null || !isAggregate(inner.kind) || seen.has(inner.id)) continue;
      seen.add(inner.id);
      waiting.push({ type: inner, bits });
    }
  }
  return null;
}

function describe(space: Space, root: Type, { type: id, bits, width, open }: Place): FieldLayout | null {
  const type = space.plain(id);
  const size = space.size(id);
  if (type === null || size === null) throw unreadable(space.origin, `a member's type ${id} has no size`);
  const kind = kindNames[type.kind] ?? "unknown";
  const signed = isSigned(type);
  const packed = width > 0 ? { at: bits, bits: width } : narrowInteger(type, bits);
  if (packed !== null) {
    const found = placeBits(packed.at, packed.bits, open ? Number.POSITIVE_INFINITY : root.value);
    if (found === null) return null;
    const { offset, size, ...bitfield } = found;
    return { offset, size, signed, kind, bitfield };
  }
  const offset = bits / 8;
  if (!Number.isInteger(offset) || (!open && offset + size > root.value)) {
    throw unreadable(space.origin, `a member of its type ${root.id} is not within it`);
  }
  return { offset, size, signed, kind, bitfield: null };
}

/** The older encoding of bit fields: an integer that has fewer bits than its bytes, and begins so many bits into them. */
function narrowInteger(type: Type, at: number): { at: number; bits: number } | null {
  if (type.kind !== Kind.int) return null;
  const [bits, into] = [type.word(0) & 0xff, (type.word(0) >>> 16) & 0xff];
  return bits === 0 || bits === 8 * type.value ? null : { at: at + into, bits };
}

function isSigned(type: Type): boolean {
  if (type.kind === Kind.int) return ((type.word(0) >>> 24) & 1) === 1;
  return type.flag && (type.kind === Kind.enum || type.kind === Kind.enum64);
}

const kindNames: Record<number, string> = {
  [Kind.int]: "integer",
  [Kind.pointer]: "pointer",
  [Kind.array]: "array",
  [Kind.struct]: "struct",
  [Kind.union]: "union",
  [Kind.enum]: "enum",
  [Kind.enum64]: "enum",
  [Kind.float]: "float",
};
