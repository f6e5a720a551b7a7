import { SkbookError } from "../errors/index.js";
import { recordLength } from "./kinds.js";
import { type Origin, unreadable } from "./unreadable.js";

/** The two sections of one piece of BTF, and where in them each type begins. */
export interface BtfFile {
  origin: Origin;
  types: DataView;
  strings: Buffer;
  /** Byte offset in `types` of each type, in the order of their ids. */
  starts: Uint32Array;
  /** Where the name of each type is in the strings, in the same order. */
  names: Uint32Array;
  /** Ids and offsets of strings continue those of another file. */
  split: boolean;
}

const magic = 0xeb9f;
const headerLength = 24;
/** Ten times what a kernel with everything has. */
const maxBytes = 64 * 2 ** 20;
/** As many as the kernel itself takes. */
const maxTypes = 0xfffff;

/**
 * Checks the header and walks over all types once, without a look at what they say.
 *
 * @throws SkbookError `BTF_UNREADABLE`, `BIG_ENDIAN`.
 */
export function readFile(origin: Origin, bytes: Uint8Array): BtfFile {
  const { types, strings } = sectionsOf(origin, bytes);
  // vmlinux's strings begin with the empty one, which a module's don't repeat.
  const split = strings.length === 0 || strings[0] !== 0;
  if (strings.length > 0 && strings.at(-1) !== 0) throw unreadable(origin, "its last string has no end");
  return { origin, types, strings, split, ...walk(origin, types) };
}

function sectionsOf(origin: Origin, bytes: Uint8Array): { types: DataView; strings: Buffer } {
  if (bytes.length < headerLength) throw unreadable(origin, `${bytes.length} bytes are no BTF`);
  if (bytes.length > maxBytes)
    throw unreadable(origin, `${bytes.length} bytes are more than any kernel's BTF`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = view.getUint16(0, true);
  if (found === 0x9feb) throw bigEndian(origin);
  if (found !== magic) throw unreadable(origin, `it begins with 0x${found.toString(16)}, BTF with 0xeb9f`);
  if (view.getUint8(2) !== 1)
    throw unreadable(origin, `it has version ${view.getUint8(2)}; known is version 1`);
  const [header = 0, typesAt = 0, typesLength = 0, stringsAt = 0, stringsLength = 0] = [4, 8, 12, 16, 20].map(
    (at) => view.getUint32(at, true),
  );
  const within = (at: number, length: number) => header + at + length <= bytes.length;
  if (header < headerLength || !within(typesAt, typesLength) || !within(stringsAt, stringsLength)) {
    throw unreadable(origin, `its header speaks of more than the ${bytes.length} bytes that are there`);
  }
  return {
    types: new DataView(bytes.buffer, bytes.byteOffset + header + typesAt, typesLength),
    strings: Buffer.from(bytes.buffer, bytes.byteOffset + header + stringsAt, stringsLength),
  };
}

function walk(origin: Origin, types: DataView): Pick<BtfFile, "starts" | "names"> {
  const starts = new Uint32Array(Math.min(types.byteLength / 12, maxTypes));
  const names = new Uint32Array(starts.length);
  let count = 0;
  let at = 0;
  while (at < types.byteLength) {
    if (at + 12 > types.byteLength) throw cut(origin, count);
    const info = types.getUint32(at + 4, true);
    const length = recordLength(info);
    if (length === null) {
      throw unreadable(
        origin,
        `its type ${count + 1} is of a kind that is not known (0x${info.toString(16)})`,
      );
    }
    if (at + length > types.byteLength) throw cut(origin, count);
    if (count === maxTypes) throw unreadable(origin, `it has more than ${maxTypes} types`);
    starts[count] = at;
    names[count] = types.getUint32(at, true);
    count += 1;
    at += length;
  }
  return { starts: starts.slice(0, count), names: names.slice(0, count) };
}

function cut(origin: Origin, count: number): SkbookError {
  return unreadable(origin, `its type ${count + 1} is cut short`);
}

function bigEndian(origin: Origin): SkbookError {
  return new SkbookError({
    code: "BIG_ENDIAN",
    tried: `read the BTF of ${origin}`,
    failed: "it is of a big-endian machine",
    todo: "measure on a little-endian machine: addresses and ports would be read swapped here",
  });
}
