import { SkbookError } from "../../errors/index.js";
import { type Host, localhost } from "../../hosts/index.js";
import type { Column } from "../../tables/index.js";
import { knownFields } from "./known.js";

const inWords = /:R$/;

/** What tshark is asked to print. Columns of its list that are no fields, such as `%p`, it always has. */
export interface FieldSet {
  /** The fields that it prints, as they were asked for. */
  names: string[];
  /** What it is asked for in their place: of alternatives (`a||b`) only those that it has, since one that it doesn't have silences all. */
  printed: string[];
  /** Fields that were asked for and that it doesn't have. */
  unknown: string[];
  /** The tshark that said so. */
  version: string;
}

/**
 * Checks fields against what a host's tshark has, before it reads anything: one that it doesn't have would be empty in every row, as if
 * no packet had it.
 *
 * @param asked fields; alternatives are joined by `||`, former names among them; with `:R` at the end, tshark's words for their numbers.
 * @param essential those without which the rest says nothing.
 * @throws SkbookError `FIELD_UNKNOWN` for an essential one; else as {@link knownFields}.
 */
export async function resolveFields(
  host: Host,
  asked: readonly string[],
  essential: ReadonlySet<string>,
): Promise<FieldSet> {
  const single = new Set(asked.flatMap(alternatives));
  const { version, names } = await knownFields(host, [...single].sort());
  const known = new Set(names);
  const all = asked.map((name) => ({ name, printed: knownPart(name, known) }));
  const unknown = all.filter(({ printed }) => printed === "").map(({ name }) => name);
  const lacking = unknown.filter((name) => essential.has(name));
  if (lacking.length > 0) throw fieldUnknown(host, version, lacking);
  const there = all.filter(({ printed }) => printed !== "");
  return {
    names: there.map(({ name }) => name),
    printed: there.map(({ printed }) => printed),
    unknown,
    version,
  };
}

function alternatives(name: string): string[] {
  return name.startsWith("%") ? [] : name.replace(inWords, "").split("||");
}

function knownPart(name: string, known: ReadonlySet<string>): string {
  if (name.startsWith("%")) return name;
  const there = alternatives(name).filter((one) => known.has(one));
  return there.length === 0 ? "" : `${there.join("||")}${inWords.exec(name)?.[0] ?? ""}`;
}

/** Says which columns are null because of fields that tshark doesn't have; no note where there is none. */
export function unknownNote(
  { version, unknown }: FieldSet,
  columns: readonly { column: Column; needs: readonly string[] }[],
): string[] {
  const lost = columns.flatMap(({ column, needs }) => {
    const fields = needs.filter((field) => unknown.includes(field));
    return fields.length === 0 ? [] : [`${column.name} (${fields.join(", ")})`];
  });
  if (lost.length === 0) return [];
  return [`Unknown, so null in every row, since ${version} doesn't have their fields: ${lost.join("; ")}.`];
}

function fieldUnknown(host: Host, version: string, lacking: readonly string[]): SkbookError {
  return new SkbookError({
    code: "FIELD_UNKNOWN",
    tried: `read captures with tshark on ${host === localhost() ? "this machine" : host.name}`,
    failed: `${version} doesn't have ${lacking.join(", ")}`,
    todo: "install another version of tshark there, or bring the file to a machine that has one: capture.fetch()",
    details: { version, fields: [...lacking] },
  });
}
