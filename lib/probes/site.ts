import type { FieldLayout } from "../btf/index.js";
import { SkbookError } from "../errors/index.js";
import { placesTextRight, typesVariables } from "./engine/version.js";
import type { Target } from "./target.js";
import { type Bpf, bpf, comment, joined, needing, printedAs, word } from "./text/bpf.js";
import type { NameWords } from "./text/names.js";

/** A struct of the program's own. */
export class OwnStruct {
  constructor(readonly declaration: Bpf) {}
}

const words2 = new OwnStruct(bpf`struct words2 { unsigned long words[2]; }`);
/** include/uapi/linux/in6.h: only its size is asked for. */
const sockaddrIn6 = new OwnStruct(bpf`struct sockaddr_in6 { char bytes[28]; }`);

/** A host that program text is written for: what its kernel's structs look like. */
export class Site {
  constructor(
    readonly target: Target,
    /** Fields that were read, with their places: what has to be known to read the program. */
    readonly used: Map<string, FieldLayout> = new Map(),
  ) {}

  /** Whether the kernel's struct has a field: `sk_buff.vlan_all`. */
  has(field: string): boolean {
    return (this.target.layouts?.field(field) ?? null) !== null;
  }

  /**
   * The value of a field of a struct, by its place in this very kernel: `read(skb, "sk_buff.head")`. Members of members are named by dots;
   * pointers are not followed.
   *
   * @throws SkbookError `BTF_MISSING`, `FIELD_MISSING`
   */
  read(pointer: Bpf, field: string): Bpf {
    const { offset, size, bitfield } = this.layout(field);
    const value = readAt(bpf`${pointer} + ${offset} ${comment(shortName(field))}`, size);
    if (bitfield === null) return value;
    return bpf`(${value} >> ${bitfield.shift} & ${2n ** BigInt(bitfield.bits) - 1n})`;
  }

  /**
   * Bytes of a struct, as the step from one to the next of an array.
   *
   * @throws SkbookError `BTF_MISSING`, `FIELD_MISSING`
   */
  sizeOf(struct: string): Bpf {
    const size = this.target.layouts?.size(struct) ?? null;
    if (size === null) throw this.unknown(struct, "struct");
    return bpf`${size} ${comment(struct)}`;
  }

  /** Where a field is: `addressOf(queue, "inet_frag_queue.key.v6.saddr")`. */
  addressOf(pointer: Bpf, field: string): Bpf {
    return bpf`(${pointer} + ${this.layout(field).offset} ${comment(shortName(field))})`;
  }

  /** A name of 16 bytes, as devices and commands have one. */
  name(pointer: Bpf, field: string): NameWords {
    const { offset } = this.layout(field);
    return {
      first: readAt(bpf`${pointer} + ${offset} ${comment(shortName(field))}`, 8),
      second: readAt(bpf`${pointer} + ${offset + 8}`, 8),
    };
  }

  /** The same as one part of a map's key, which takes one read instead of two. */
  nameKey(pointer: Bpf, field: string): Bpf {
    const { offset } = this.layout(field);
    const words = bpf`((struct words2 *)(${pointer} + ${offset} ${comment(shortName(field))}))->words`;
    return printedAs("pair", needing(words2, words));
  }

  /** The position of an argument of a kernel function by its name; null where the kernel doesn't say. */
  argument(fn: string, name: string): number | null {
    return this.target.layouts?.argument(fn, name) ?? null;
  }

  private layout(field: string): FieldLayout {
    const found = this.target.layouts?.field(field);
    if (!found) throw this.unknown(field, "field");
    this.used.set(field, found);
    return found;
  }

  private unknown(what: string, kind: "field" | "struct"): SkbookError {
    const { host, layouts, snapshot } = this.target;
    return new SkbookError({
      code: layouts === null ? "BTF_MISSING" : "FIELD_MISSING",
      tried: `write a program for ${host} that reads ${what}`,
      failed:
        layouts === null
          ? "neither the host nor a file says where its kernel's structs have their fields"
          : `kernel ${snapshot.kernel} has no such ${kind}, by its BTF`,
      todo:
        layouts === null
          ? "boot a kernel with CONFIG_DEBUG_INFO_BTF, or give connect() the kernel's BTF as `btf`"
          : "ask `has()` first where kernels differ",
    });
  }
}

/** The hook that a clause stands behind: what it is given. */
export class HookSite extends Site {
  constructor(
    site: Site,
    readonly hook: string,
    /** Read the record of a tracepoint by its offsets: needed for text of variable length, and where bpftrace doesn't know the fields. */
    readonly numeric: boolean,
  ) {
    super(site.target, site.used);
  }

  /** Of a tracepoint, a field by its name; of a function's entry, an argument by its position. */
  arg(which: string | number): Bpf {
    if (typeof which === "number") return word(`arg${which}`);
    const { offset, size, signed } = this.recordField(which);
    if (this.numeric && !this.fieldsOnly)
      return readAt(bpf`${this.record} + ${offset} ${comment(which)}`, size);
    return this.whole(bpf`(${signed ? bpf`int64` : bpf`uint64`})args->${word(which)}`);
  }

  /** Whether the tracepoint has a field. */
  hasArg(which: string): boolean {
    return this.target.tracepoints.get(this.hook)?.fields.has(which) === true;
  }

  /** Address of a text of variable length in a tracepoint's record. */
  argText(which: string): Bpf {
    const { offset } = this.recordField(which);
    if (this.fieldsOnly) return this.whole(this.textOfField(which, offset));
    return bpf`(${this.record} + ${readAt(bpf`${this.record} + ${offset} ${comment(which)}`, 2)})`;
  }

  /** bpftrace 0.23 takes the text's place in the record, which the field says, for one in words of four bytes. */
  private textOfField(which: string, offset: number): Bpf {
    const said = bpf`(uint64)args->${word(which)}`;
    if (placesTextRight(this.target.snapshot)) return said;
    const fields = [...(this.target.tracepoints.get(this.hook)?.fields.values() ?? [])];
    if (fields.some((field) => field.dynamic && field.offset < offset)) throw this.behindAnother(which);
    // The first text follows the fields.
    const place = Math.max(...fields.map((field) => field.offset + field.size));
    return bpf`((*(${said} - ${4 * place - offset}) & 65535) == ${place} ? ${said} - ${3 * place} : ${said})`;
  }

  private behindAnother(which: string): SkbookError {
    return new SkbookError({
      code: "FIELD_MISSING",
      tried: `write a program for ${this.target.host} that reads ${which} of ${this.hook}`,
      failed: "its bpftrace doesn't know the place of a text that stands behind another one in the record",
      todo: "install bpftrace 0.17 or 0.27 there, or leave this field out",
    });
  }

  /** Bytes within a field of a tracepoint's record that is more than a number, such as an address: `size` of them, from `from` on. */
  argBytes(which: string, from: number, size: number): Bpf {
    const { offset } = this.recordField(which);
    if (this.fieldsOnly) {
      const bytes = Array.from(
        { length: size },
        (_, at) => bpf`((uint64)args->${word(which)}[${from + at}] << ${8 * at})`,
      );
      return this.whole(bpf`(${joined(bytes, " | ")})`);
    }
    return readAt(bpf`${this.record} + ${offset + from} ${comment(which)}`, size);
  }

  /** A name of 16 bytes in a tracepoint's record, as commands have one. */
  argName(which: string): NameWords {
    const { offset } = this.recordField(which);
    if (this.fieldsOnly) {
      const name = this.whole(bpf`(uint64)(uint64 *)args->${word(which)}`);
      return { first: readAt(name, 8), second: readAt(bpf`${name} + 8`, 8) };
    }
    return {
      first: readAt(bpf`${this.record} + ${offset} ${comment(which)}`, 8),
      second: readAt(bpf`${this.record} + ${offset + 8}`, 8),
    };
  }

  /** What a function returned, of its 32 bits: see {@link signed32} for what it is. */
  get result(): Bpf {
    return bpf`(retval & 0xffffffff)`;
  }

  /** A bpftrace that types variables gives no address of the record, where it knows the fields. */
  private get fieldsOnly(): boolean {
    return typesVariables(this.target.snapshot) && this.target.typedArguments;
  }

  /** Address of a tracepoint's record. */
  private get record(): Bpf {
    return this.whole(bpf`(uint64)args`);
  }

  /** bpftrace makes a struct of all of the record where it is named: Linux 5.10 says the length of an address in `tcp_probe` by a struct's size. */
  private whole(piece: Bpf): Bpf {
    const fields = this.target.tracepoints.get(this.hook)?.fields.values() ?? [];
    return [...fields].some(({ sizedBy }) => sizedBy !== undefined) ? needing(sockaddrIn6, piece) : piece;
  }

  private recordField(which: string) {
    const field = this.target.tracepoints.get(this.hook)?.fields.get(which);
    if (field !== undefined) return field;
    throw new SkbookError({
      code: "FIELD_MISSING",
      tried: `write a program for ${this.target.host} that reads ${which} of ${this.hook}`,
      failed: "the host's kernel has no such field there",
      todo: "ask `hasArg()` first where kernels differ",
    });
  }
}

/**
 * Reads memory of the kernel: 1, 2, 4 or 8 bytes, as an unsigned number. 8 bytes are read and masked: `*` of a number needs no cast, and a program
 * without any is compiled in half the time.
 */
export function readAt(address: Bpf, size: number): Bpf {
  if (size === 8) return bpf`*(${address})`;
  if ([1, 2, 4].includes(size)) return bpf`(*(${address}) & ${2n ** BigInt(8 * size) - 1n})`;
  throw new SkbookError({
    code: "NOT_PROGRAM_TEXT",
    tried: "read a value of the kernel's memory",
    failed: `${size} bytes are no number`,
    todo: "read 1, 2, 4 or 8 bytes, or take its address with addressOf()",
  });
}

/** The kernel function that an address lies in. */
export function symbolOf(address: Bpf): Bpf {
  return printedAs("symbol", bpf`ksym(${address})`);
}

/** The kernel's stack, so many functions deep at most. */
export function kernelStack(depth: number): Bpf {
  return printedAs("stack", bpf`kstack(${depth})`);
}

/** The stack of the program that runs, so many functions deep at most. */
export function userStack(depth: number): Bpf {
  return printedAs("stack", bpf`ustack(${depth})`);
}

/** Text of the kernel's that ends with a NUL; nothing where the address is 0. */
export function textAt(address: Bpf): Bpf {
  return printedAs("text", bpf`str(kptr(${address}))`);
}

/** Name of the command that runs, which is often, not always, who sent the packet. */
export const command: Bpf = printedAs("text", bpf`comm`);

function shortName(field: string): string {
  return field.slice(field.indexOf(".") + 1).slice(0, 60);
}
