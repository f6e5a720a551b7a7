import { type Bpf, textOf } from "./bpf.js";
import { closingOf, isCode, partsOf, type Token, textOfTokens, tokensOf } from "./tokens.js";

/** What a map's first value may be without a number's type: what adds up, and text. */
const otherwise = new Set([
  ...["count", "sum", "max", "min", "avg", "stats", "hist", "lhist"],
  ...["str", "strftime", "buf", "comm"],
]);
const stacks = new Set(["kstack", "ustack"]);

const zero = "(uint64)0";

/**
 * A program for a bpftrace that types variables: it gives each the type of the first value that it sees, takes a number in the text for a signed
 * one, and knows a variable only in the block where that is. So each clause begins with all its variables, each value has its type, and what maps
 * are given stands in front of all where they are read further up.
 *
 * @param signed variables that hold signed numbers where a clause has them all; all others hold unsigned ones.
 */
export function typed(program: string, signed: readonly Bpf[]): string {
  const tokens = tokensOf(program);
  const signedNames = signed.map(textOf);
  const types = typesOfMaps(tokens);
  return clausesOf(tokens)
    .map((clause) => typedClause(clause, signedNames, types))
    .join("");
}

function typedClause(clause: readonly Token[], signedNames: readonly string[], types: string): string {
  const start = clause.findIndex((token) => isSign(token, "{")) + 1;
  // A `;` ends a struct, and belongs to it.
  const first = clause.find((token) => isCode(token) && !isSign(token, ";"));
  if (start === 0 || first?.text === "struct") return textOfTokens(clause);
  const { body, fields } = withCopies(clause.slice(start));
  // Read from the record itself, bytes at several places may become one moving address, which the verifier refuses.
  const copied = fields.map((field) => ` $bytes_${field} = args->${field};`).join("");
  const single = singleVariables(body);
  const signed = signedNames.every((name) => single.has(name)) ? signedNames : [];
  const type = (name: string) => (signed.includes(name) ? "int64" : "uint64");
  const declared = [...single].map((name) => ` ${name} = (${type(name)})0;`).join("");
  const before = first?.text === "BEGIN" ? types : "";
  return `${textOfTokens(clause.slice(0, start))}${before}${copied}${declared}${assigned(body, single, type)}`;
}

/** Bytes of a field of a tracepoint's record, read from a copy; and those fields. */
function withCopies(tokens: readonly Token[]): { body: Token[]; fields: string[] } {
  const body: Token[] = [];
  const fields = new Set<string>();
  for (let at = 0; at < tokens.length; at++) {
    const [record, arrow, field, opening] = tokens.slice(at, at + 4);
    if (record?.text === "args" && isSign(arrow, "->") && field !== undefined && isSign(opening, "[")) {
      fields.add(field.text);
      body.push({ kind: "word", text: `$bytes_${field.text}` });
      at += 2;
    } else body.push(tokens[at] as Token);
  }
  return { body, fields: [...fields] };
}

/** Variables that hold one value; one that holds several is read by their places: `$on.0`. */
function singleVariables(tokens: readonly Token[]): Set<string> {
  const several = new Set<string>();
  const all = new Set<string>();
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== "variable") continue;
    all.add(text);
    if (isSign(tokens[at + 1], ".")) several.add(text);
  }
  return new Set([...all].filter((name) => !several.has(name)));
}

/** Statements, with the type of each value that a variable is set to. */
function assigned(
  tokens: readonly Token[],
  single: ReadonlySet<string>,
  type: (name: string) => string,
): string {
  let text = "";
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text: name } = tokens[at] as Token;
    const set = kind === "variable" && single.has(name) ? valueAt(tokens, at + 1) : undefined;
    if (set === undefined || isOfMap(set.value)) text += name;
    else {
      text += `${name} = (${type(name)})(${textOfTokens(set.value)})`;
      at = set.end - 1;
    }
  }
  return text;
}

/** What a variable or map is set to, and where that ends: at a `;`, or with its block. Nothing where something else is done. */
function valueAt(tokens: readonly Token[], from: number): { value: Token[]; end: number } | undefined {
  const sign = nextCode(tokens, from);
  if (!isSign(tokens[sign], "=")) return undefined;
  const start = nextCode(tokens, sign + 1);
  for (let [end, depth] = [start, 0]; end < tokens.length; end++) {
    if (isSign(tokens[end], "{")) depth += 1;
    if (isSign(tokens[end], "}")) depth -= 1;
    if (isSign(tokens[end], ";") || depth < 0) return { value: tokens.slice(start, end), end };
  }
  return undefined;
}

/** Whether a value is read of a map, or one of several that came from one, and has the map's type, which may not be known yet. */
function isOfMap(tokens: readonly Token[]): boolean {
  const value = tokens.filter(isCode);
  const [first] = value;
  if (first?.kind !== "map" && first?.kind !== "variable") return false;
  const keysEnd = isSign(value[1], "[") ? closingOf(value, 1) + 1 : 1;
  const rest = value.slice(keysEnd);
  return rest.length === 0 || (rest.length === 2 && isSign(rest[0], ".") && rest[1]?.kind === "number");
}

/** Stores that are never run: of maps that are read further up than they are written. */
function typesOfMaps(tokens: readonly Token[]): string {
  const stores = new Map<string, string>();
  const known = new Set<string>();
  for (const [at, { kind, text: map }] of tokens.entries()) {
    if (kind !== "map") continue;
    const isFirst = !known.has(map);
    known.add(map);
    const end = isSign(tokens[at + 1], "[") ? closingOf(tokens, at + 1) : -1;
    const value = end < 0 ? undefined : valueAt(tokens, end + 1)?.value;
    const name = value?.find(isCode)?.text ?? "";
    if (value === undefined || isFirst || stores.has(map) || otherwise.has(name)) continue;
    const keys = partsOf(tokens.slice(at + 2, end)).map(() => zero);
    stores.set(map, `${map}[${keys.join(", ")}] = ${likeOf(value)};`);
  }
  return stores.size === 0 ? "" : ` if (nsecs == 0) { ${[...stores.values()].join(" ")} }`;
}

/** A value of the same type; a whole number among several is a signed one. */
function likeOf(value: readonly Token[]): string {
  const [first] = value;
  if (first !== undefined && stacks.has(first.text)) return textOfTokens(value);
  if (!isSign(first, "(") || closingOf(value, 0) !== value.length - 1) return zero;
  const parts = partsOf(value.slice(1, -1)).map((part) => part.filter(isCode));
  if (parts.length < 2) return zero;
  const typedParts = parts.map((part) => {
    const number = isSign(part[0], "-") ? part.slice(1) : part;
    return number.length === 1 && number[0]?.kind === "number" ? textOfTokens(part) : zero;
  });
  return `(${typedParts.join(", ")})`;
}

/** Structs and clauses, each up to its last brace; then what stands behind them. */
function clausesOf(tokens: readonly Token[]): Token[][] {
  const clauses: Token[][] = [];
  let start = 0;
  for (let at = 0; at < tokens.length; at++) {
    if (!isSign(tokens[at], "{")) continue;
    const end = closingOf(tokens, at);
    if (end < 0) break;
    clauses.push(tokens.slice(start, end + 1));
    start = end + 1;
    at = end;
  }
  return [...clauses, tokens.slice(start)];
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === "sign" && token.text === sign;
}

function nextCode(tokens: readonly Token[], from: number): number {
  let at = from;
  while (at < tokens.length && !isCode(tokens[at] as Token)) at++;
  return at;
}
