import { Kind } from "../../lib/btf/kinds.js";
import { type Random, randomNumbers } from "../fixtures/random.js";
import { BtfWriter, type WrittenMember } from "./writer.js";

/** Where a field was put. */
export interface Expected {
  path: string;
  /** From the outermost struct's begin. */
  bits: number;
  /** Of a bit field its bits, else those of all of its bytes. */
  width: number;
  isBitfield: boolean;
}

/** A type, its size in bytes, and what is in it by a path from it. */
interface Made {
  id: number;
  size: number;
  inside: Expected[];
}

/** Structs that refer to one another at random, laid out as a compiler might, and where everything is then. */
export function generate(seed: number): { btf: BtfWriter; expected: Expected[] } {
  const random = randomNumbers(seed + 1);
  const btf = new BtfWriter();
  const scalars: Made[] = [1, 2, 4, 8].map((size) => ({
    id: btf.int(size === 8 ? "long unsigned int" : `u${8 * size}`, size),
    size,
    inside: [],
  }));
  scalars.push(
    { id: btf.pointer(0), size: 8, inside: [] },
    { id: btf.enum("e", { A: 1 }), size: 4, inside: [] },
  );
  const expected: Expected[] = [];
  const named: Made[] = [];
  for (let number = 0; number < 12; number += 1) {
    const made = aggregate(btf, random, scalars, named, `s${number}`, 0);
    named.push(made);
    expected.push(...made.inside.map((field) => ({ ...field, path: `s${number}${field.path}` })));
  }
  btf.over(Kind.function, btf.prototype(0, [["skb", btf.pointer(1)]]), "receive");
  return { btf, expected };
}

let fields = 0;

function aggregate(
  btf: BtfWriter,
  random: Random,
  scalars: readonly Made[],
  named: readonly Made[],
  name: string,
  depth: number,
): Made {
  const below = (limit: number) => Math.floor(random() * limit);
  const isUnion = random() < 0.25;
  const packed = random() < 0.2;
  const members: WrittenMember[] = [];
  const inside: Expected[] = [];
  let end = 0;
  let largest = 0;
  const count = 1 + below(7);
  for (let index = 0; index < count; index += 1) {
    fields += 1;
    const field = `f${fields}`;
    const choice = random();
    if (choice < 0.25) {
      const type = scalars[below(4)] as Made;
      const width = 1 + below(8 * type.size);
      // Compilers keep bit fields within a number of the declared type, unless the struct is packed.
      const unit = 8 * type.size;
      const crosses = Math.floor(end / unit) !== Math.floor((end + width - 1) / unit);
      const bits = isUnion ? 0 : crosses && !packed ? Math.ceil(end / unit) * unit : end;
      members.push({ name: field, type: type.id, bits, width });
      inside.push({ path: `.${field}`, bits, width, isBitfield: true });
      end = Math.max(end, bits + width);
    } else {
      const anonymous = choice < 0.4 && depth < 3;
      const type = anonymous
        ? aggregate(btf, random, scalars, named, "", depth + 1)
        : wrapped(btf, random, pick(random, scalars, named));
      const align = packed ? 8 : 8 * Math.min(8, 2 ** below(4));
      const bits = isUnion ? 0 : Math.ceil(end / align) * align;
      const path = anonymous ? "" : `.${field}`;
      members.push({ name: anonymous ? "" : field, type: type.id, bits });
      if (!anonymous) inside.push({ path, bits, width: 8 * type.size, isBitfield: false });
      inside.push(
        ...type.inside.map((deep) => ({ ...deep, path: path + deep.path, bits: bits + deep.bits })),
      );
      end = Math.max(end, bits + 8 * type.size);
    }
    largest = Math.max(largest, end);
  }
  const size = packed ? Math.ceil(largest / 8) : 8 * Math.ceil(largest / 64);
  const id = isUnion ? btf.union(name, size, members) : btf.struct(name, size, members);
  return { id, size, inside };
}

function pick(random: Random, scalars: readonly Made[], named: readonly Made[]): Made {
  const from = random() < 0.3 && named.length > 0 ? named : scalars;
  return from[Math.floor(random() * from.length)] as Made;
}

/** Qualifiers, typedefs and arrays around it. */
function wrapped(btf: BtfWriter, random: Random, made: Made): Made {
  const choice = random();
  if (choice < 0.2) return { ...made, id: btf.over(Kind.typedef, made.id, `t${made.id}`) };
  if (choice < 0.3) return { ...made, id: btf.over(Kind.const, btf.over(Kind.volatile, made.id)) };
  if (choice > 0.5 || made.size > 256) return made;
  const length = 1 + Math.floor(random() * 4);
  const elements = Array.from({ length }, (_, index) => [
    { path: `[${index}]`, bits: 8 * made.size * index, width: 8 * made.size, isBitfield: false },
    ...made.inside.map((deep) => ({
      ...deep,
      path: `[${index}]${deep.path}`,
      bits: 8 * made.size * index + deep.bits,
    })),
  ]).flat();
  return { id: btf.array(made.id, length), size: made.size * length, inside: elements };
}
