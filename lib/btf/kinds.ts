/** Kinds of types by the number that BTF has for them. */
export const Kind = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  function: 12,
  prototype: 13,
  variable: 14,
  section: 15,
  float: 16,
  declarationTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

/** Bytes that follow the 12 of every type: so many, and so many for each of its members. */
const following: Record<number, readonly [fixed: number, each: number]> = {
  [Kind.int]: [4, 0],
  [Kind.pointer]: [0, 0],
  [Kind.array]: [12, 0],
  [Kind.struct]: [0, 12],
  [Kind.union]: [0, 12],
  [Kind.enum]: [0, 8],
  [Kind.forward]: [0, 0],
  [Kind.typedef]: [0, 0],
  [Kind.volatile]: [0, 0],
  [Kind.const]: [0, 0],
  [Kind.restrict]: [0, 0],
  [Kind.function]: [0, 0],
  [Kind.prototype]: [0, 8],
  [Kind.variable]: [4, 0],
  [Kind.section]: [0, 12],
  [Kind.float]: [0, 0],
  [Kind.declarationTag]: [4, 0],
  [Kind.typeTag]: [0, 0],
  [Kind.enum64]: [0, 12],
};

/** Bytes of a type's record, of its second word; null for a kind that is not known, whose length nobody can tell. */
export function recordLength(info: number): number | null {
  const [fixed, each] = following[kindOf(info)] ?? [null, 0];
  return fixed === null ? null : 12 + fixed + each * countOf(info);
}

export function kindOf(info: number): number {
  return (info >>> 24) & 0x1f;
}

/** Members of a struct, parameters of a prototype, values of an enum. */
export function countOf(info: number): number {
  return info & 0xffff;
}

export function flagOf(info: number): boolean {
  return info >>> 31 === 1;
}

const wrappers: ReadonlySet<number> = new Set([
  Kind.typedef,
  Kind.volatile,
  Kind.const,
  Kind.restrict,
  Kind.typeTag,
]);

/** Whether a type of this kind is another one under a name or a qualifier. */
export function isWrapper(kind: number): boolean {
  return wrappers.has(kind);
}

export function isAggregate(kind: number): boolean {
  return kind === Kind.struct || kind === Kind.union;
}
