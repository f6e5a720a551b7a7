import { SkbookError } from "../errors/index.js";

/** A name, and the file whose own is meant: null for any. */
export interface Name {
  origin: string | null;
  name: string;
}

/** A path to a field, taken apart. */
export interface FieldPath {
  struct: Name;
  /** Names of members and numbers of elements. */
  steps: readonly (string | number)[];
}

const grammar = /^((?:[\w-]+:)?\w+)((?:\.\w+(?:\[\d{1,9}\])*)+)$/;

export function parsePath(path: string): FieldPath {
  const [, struct = "", rest = ""] = grammar.exec(path) ?? [];
  if (struct === "") {
    throw new SkbookError({
      code: "BAD_PARAMETER",
      tried: `look up the field ${JSON.stringify(path)}`,
      failed: "it is no path to a field",
      todo: 'give a struct and what is in it: "sk_buff.head", "nf_conn.tuplehash[0].tuple.dst.protonum"',
    });
  }
  const steps = [...rest.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
  return { struct: parseName(struct), steps };
}

/** `console` or `openvswitch:vport`. */
export function parseName(name: string): Name {
  const colon = name.indexOf(":");
  return colon < 0 ? { origin: null, name } : { origin: name.slice(0, colon), name: name.slice(colon + 1) };
}
