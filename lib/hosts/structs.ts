import type { Host } from "./host.js";
import { readSections } from "./read-sections.js";

/** bpftrace shows a struct as BTF has it, one field on a line; nested ones indented. */
const script = 'for s; do say "$s"; bpftrace -lv "struct $s"; done';

/** bpftrace reads all of BTF for each struct: seconds on a busy host. */
const deadlineSeconds = 120;

/**
 * Asks which fields the kernel's structs have, by its BTF; recorded, so that a case carries it. A struct that it doesn't know is not there.
 *
 * @param names `sk_buff`.
 */
export async function readStructs(
  host: Host,
  names: readonly string[],
): Promise<Map<string, ReadonlySet<string>>> {
  if (names.length === 0) return new Map();
  const sections = await readSections(host, "structs", script, names, {}, { deadlineSeconds });
  const known = names.map((name) => [name, fieldsOf(sections[name] ?? "")] as const);
  return new Map(known.filter(([, fields]) => fields.size > 0));
}

function fieldsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/(\w+)(?:\[\d*\])*(?:: ?\d+)?;$/gm)].map((match) => match[1] as string));
}
