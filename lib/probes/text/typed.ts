import { type Bpf, textOf } from "./bpf.js";

/** A variable; one that holds several values is read by their places: `$on.0`. */
const variable = /\$[a-z]\w*/g;
const severalValues = /(\$[a-z]\w*)\.\d/g;
const assignment = /(\$[a-z]\w*) = ([^=;][^;]*);/g;
/** What is read of a map, or of several values that came from one, has the map's type, which may not be known yet. */
const ofMap = /^[@$]\w+(?:\[[^\]]*\])?(?:\.\d+)?$/;
const stored = /(@\w+)\[([^\]]*)\] = ([^;]*);/g;
const stack = /^[ku]stack\(\d+\)$/;
/** What adds up, and text. */
const otherwise = /^(?:count|sum|max|min|stats|str|buf|comm\b)/;

/** A byte of a tracepoint's record. */
const recordByte = /args->(\w+)\[/g;

/**
 * A program for a bpftrace that types variables: it gives each the type of the first value that it sees, takes a number in the text for a signed
 * one, and knows a variable only in the block where that is. So each clause begins with all its variables, each value has its type, and what maps
 * are given stands in front of all where they are read further up.
 *
 * @param signed variables that hold signed numbers where a clause has them all; all others hold unsigned ones.
 */
export function typed(program: string, signed: readonly Bpf[]): string {
  const signedNames = signed.map(textOf);
  return clausesOf(program)
    .map((clause) => typedClause(clause, signedNames))
    .join("")
    .replace("BEGIN {", `BEGIN {${typesOfMaps(program)}`);
}

function typedClause(clause: string, signedNames: readonly string[]): string {
  const start = clause.indexOf("{") + 1;
  if (start === 0 || clause.trimStart().startsWith("struct")) return clause;
  const [head, body] = [clause.slice(0, start), clause.slice(start)];
  const several = new Set([...body.matchAll(severalValues)].map(([, name]) => name));
  const single = new Set(
    [...body.matchAll(variable)].map(([name]) => name).filter((name) => !several.has(name)),
  );
  const signed = signedNames.every((name) => single.has(name)) ? signedNames : [];
  const type = (name: string) => (signed.includes(name) ? "int64" : "uint64");
  const declared = [...single].map((name) => ` ${name} = (${type(name)})0;`).join("");
  const values = body.replace(assignment, (whole, name: string, value: string) =>
    single.has(name) && !ofMap.test(value) ? `${name} = (${type(name)})(${value});` : whole,
  );
  // Read from the record itself, bytes at several places may become one moving address, which the verifier refuses.
  const copied = new Set(
    [...body.matchAll(recordByte)].map(([, field]) => ` $bytes_${field} = args->${field};`),
  );
  return head + [...copied].join("") + declared + values.replace(recordByte, "$$bytes_$1[");
}

/** Stores that are never run: of maps that are read further up than they are written. */
function typesOfMaps(program: string): string {
  const stores = new Map<string, string>();
  for (const { 1: map = "", 2: keys = "", 3: value = "", index } of program.matchAll(stored)) {
    const isFirst = program.search(new RegExp(`${map}\\b`)) === index;
    if (isFirst || stores.has(map) || otherwise.test(value)) continue;
    stores.set(
      map,
      `${map}[${partsOf(keys)
        .map(() => zero)
        .join(", ")}] = ${likeOf(value)};`,
    );
  }
  return stores.size === 0 ? "" : ` if (nsecs == 0) { ${[...stores.values()].join(" ")} }`;
}

const zero = "(uint64)0";

/** A value of the same type; a whole number among several is a signed one. */
function likeOf(value: string): string {
  if (stack.test(value)) return value;
  const parts = value.startsWith("(") && value.endsWith(")") ? partsOf(value.slice(1, -1)) : [];
  return parts.length < 2
    ? zero
    : `(${parts.map((part) => (/^-?\d+$/.test(part) ? part : zero)).join(", ")})`;
}

/** What commas part, outside of brackets. */
function partsOf(list: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const sign of list) {
    if ("([".includes(sign)) depth += 1;
    if (")]".includes(sign)) depth -= 1;
    if (sign === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += sign;
  }
  return parts.map((part) => part.trim());
}

/** Structs and clauses, each up to its last brace. */
function clausesOf(program: string): string[] {
  const clauses: string[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at < program.length; at++) {
    if (program[at] === "{") depth += 1;
    else if (program[at] === "}" && --depth === 0) {
      clauses.push(program.slice(start, at + 1));
      start = at + 1;
    }
  }
  return [...clauses, program.slice(start)];
}
