import { layoutOf } from "./field.js";
import { readFile } from "./file.js";
import { Kind } from "./kinds.js";
import type { Layouts } from "./layout.js";
import { aggregates, functions } from "./names.js";
import { type Name, parseName, parsePath } from "./path.js";
import { Space, type Type } from "./space.js";

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
