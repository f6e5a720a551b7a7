/** What a piece of a bpftrace program's text is. `sign`: an operator, a bracket, or what parts statements and values. */
type Kind = "space" | "comment" | "string" | "number" | "word" | "variable" | "map" | "sign";

/** A piece of a bpftrace program's text. The texts of all of them, one behind the other, are the program. */
export interface Token {
  kind: Kind;
  text: string;
}

/** Operators of several signs, the longest first. */
const operators = ["<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "=>"];

/** Takes the text of a program apart. What it doesn't know is a sign of its own. */
export function tokensOf(program: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < program.length; ) {
    const kind = kindAt(program, at);
    const end = endOf(kind, program, at);
    tokens.push({ kind, text: program.slice(at, end) });
    at = end;
  }
  return tokens;
}

export function textOfTokens(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join("");
}

/** Whether a token is neither space nor comment. */
export function isCode({ kind }: Token): boolean {
  return kind !== "space" && kind !== "comment";
}

/** Where the bracket that is opened at a token is closed; nowhere: -1. */
export function closingOf(tokens: readonly Token[], opening: number): number {
  let depth = 0;
  for (let at = opening; at < tokens.length; at++) {
    const { kind, text } = tokens[at] as Token;
    if (kind !== "sign") continue;
    if (text === "(" || text === "[" || text === "{") depth += 1;
    else if ((text === ")" || text === "]" || text === "}") && --depth === 0) return at;
  }
  return -1;
}

/** What commas part, outside of brackets. */
export function partsOf(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === "sign" && "([{".includes(token.text)) depth += 1;
    if (token.kind === "sign" && ")]}".includes(token.text)) depth -= 1;
    if (token.kind === "sign" && token.text === "," && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function kindAt(program: string, at: number): Kind {
  const first = program[at] as string;
  if (isSpace(first)) return "space";
  if (program.startsWith("//", at) || program.startsWith("/*", at)) return "comment";
  if (first === '"') return "string";
  if (isDigit(first)) return "number";
  if (isLetter(first)) return "word";
  const next = program[at + 1] ?? "";
  if (first === "$" && isLetter(next)) return "variable";
  return first === "@" ? "map" : "sign";
}

function endOf(kind: Kind, program: string, at: number): number {
  switch (kind) {
    case "space":
      return firstWhere(program, at, (sign) => !isSpace(sign));
    case "comment": {
      const [end, length] = program.startsWith("//", at) ? ["\n", 0] : ["*/", 2];
      const found = program.indexOf(end, at + 2);
      return found < 0 ? program.length : found + length;
    }
    case "string":
      return endOfString(program, at);
    case "sign":
      return at + (operators.find((operator) => program.startsWith(operator, at))?.length ?? 1);
    default:
      return firstWhere(program, at + 1, (sign) => !isLetter(sign) && !isDigit(sign));
  }
}

function endOfString(program: string, at: number): number {
  for (let end = at + 1; end < program.length; end++) {
    if (program[end] === "\\") end += 1;
    else if (program[end] === '"') return end + 1;
  }
  return program.length;
}

function firstWhere(program: string, from: number, ends: (sign: string) => boolean): number {
  let at = from;
  while (at < program.length && !ends(program[at] as string)) at++;
  return at;
}

function isSpace(sign: string): boolean {
  return sign === " " || sign === "\n" || sign === "\t" || sign === "\r";
}

function isDigit(sign: string): boolean {
  return sign >= "0" && sign <= "9";
}

function isLetter(sign: string): boolean {
  return (sign >= "a" && sign <= "z") || (sign >= "A" && sign <= "Z") || sign === "_";
}
