import { layoutOf } from "./field.js";
import { readFile } from "./file.js";
import { Kind } from "./kinds.js";
import { aggregates, functions } from "./names.js";
import { type Name, parseName, parsePath } from "./path.js";
import { Space, type Type } from "./space.js";

/** Where a field is in the outermost struct of its path, and what it is. */
export interface FieldLayout {
  /** In bytes. */
  offset: number;
  /** In bytes; of a bit field, of the number that is read for it: 1, 2, 4 or 8, which need not be what the field was declared with. */
  size: number;
  /** BTF made before Linux 6.0 calls no enum signed. */
  signed: boolean;
  /** `integer` (booleans and characters too), `pointer`, `struct`, `union`, `array`, `enum` or `float`. */
  kind: string;
  /** The number at `offset`, shifted right by `shift`, has it in its lowest `bits`. null where the field is no bit field. */
  bitfield: null | { shift: number; bits: number };
}

/**
 * How a kernel and its modules lay out their structs, as their BTF says.
 *
 * Several structs may have one name: in files of the kernel that don't know each other, or in modules. What all of them agree on is
 * answered; where they don't, null, for nobody knows which is meant. `vmlinux:console.index` and `openvswitch:vport.dev` mean that file's.
 * A typedef's name stands for a struct that has no name of its own.
 */
export interface Layouts {
  /**
   * Looks up a field by its path from a struct: `sk_buff.head`, `net_device.nd_net.net`, `nf_conn.tuplehash[0].tuple.dst.protonum`. Members of
   * anonymous structs and unions are their parent's, as in C. null where the struct or the field isn't there, an index is beyond the
   * array, or a pointer is on the way: pointers are not followed.
   *
   * @throws SkbookError `BAD_PARAMETER` for what is no path, `BTF_UNREADABLE` where types contradict each other.
   */
  field(path: string): FieldLayout | null;
  /** Bytes of a struct or union; null where it isn't there. */
  size(struct: string): number | null;
  /** Whether there is a struct or union of that name. */
  has(struct: string): boolean;
  /** Position, from 0, of a named argument of a function; null where function or argument aren't known. */
  argument(fn: string, name: string): number | null;
}

/**
 * Reads BTF: at once only where each type begins; names and members when they are asked for.
 *
 * @param vmlinux the kernel's own, as /sys/kernel/btf/vmlinux has it. It is kept, not copied.
 * @param modules by name, those of modules: as /sys/kernel/btf has them, which continue vmlinux's, or complete ones.
 * @throws SkbookError `BTF_UNREADABLE`, `BIG_ENDIAN`, `BTF_MISMATCH` for a module of another build of the kernel.
 * @example parseBtf(readFileSync("/sys/kernel/btf/vmlinux")).field("sk_buff.head")?.offset
 */
export function parseBtf(vmlinux: Uint8Array, modules: Record<string, Uint8Array> = {}): Layouts {
  const base = new Space(readFile("vmlinux", vmlinux), null);
  const others = Object.entries(modules).map(([name, bytes]) => new Space(readFile(name, bytes), base));
  const spaces = [base, ...others];

  /** What each file, or the one that is meant, says of what it has under a name. */
  function answers<Answer>(
    { origin, name }: Name,
    find: (space: Space, name: string) => Type[],
    answer: (space: Space, type: Type) => Answer,
  ): Answer[] {
    return spaces
      .filter((space) => origin === null || space.origin === origin)
      .flatMap((space) => find(space, name).map((type) => answer(space, type)));
  }

  return {
    field(path) {
      const { struct, steps } = parsePath(path);
      return agreed(answers(struct, aggregates, (space, type) => layoutOf(space, type, steps)));
    },
    size(struct) {
      return agreed(answers(parseName(struct), aggregates, (_, { value }) => value));
    },
    has(struct) {
      return answers(parseName(struct), aggregates, () => true).length > 0;
    },
    argument(fn, name) {
      return agreed(answers(parseName(fn), functions, (space, type) => position(space, type, name)));
    },
  };
}

function position(space: Space, fn: Type, argument: string): number | null {
  const prototype = space.plain(fn.value);
  if (prototype?.kind !== Kind.prototype) return null;
  const found = [...space.members(prototype)].findIndex(
    ({ nameAt }) => space.strings.text(nameAt) === argument,
  );
  return found < 0 ? null : found;
}

/** The one answer of all; null where there is none, or several. */
function agreed<Answer>(answers: readonly (Answer | null)[]): Answer | null {
  const [first = null, ...others] = answers;
  const text = JSON.stringify(first);
  return others.every((other) => JSON.stringify(other) === text) ? first : null;
}
