import { SkbookError } from "../../errors/index.js";
import type { Value } from "../../tables/index.js";
import type { Printed } from "../text/bpf.js";

/** How each word of a map's key is printed; words are joined by commas. */
const printed: Record<Printed, string> = {
  number: "(-?\\d+)",
  symbol: "([^,]*)",
  text: "([\\s\\S]*)",
  stack: "(\\n[\\s\\S]*?|)",
  pair: "\\[(-?\\d+),(-?\\d+)\\]",
};

/**
 * Reads printed keys of a map, of which bpftrace makes one text.
 *
 * @throws SkbookError `BAD_RECORDING` from the reader, for a key that has other words.
 */
export function keyReader(words: readonly Printed[]): (key: string) => string[] {
  const whole = new RegExp(`^${words.map((kind) => printed[kind]).join(",")}$`);
  // From 0.22 on, bpftrace escapes the lines of a stack in a key twice.
  const isEscaped = words.includes("stack");
  return (key) => {
    const found = whole.exec(isEscaped ? key.replaceAll("\\n", "\n") : key);
    if (found !== null) return found.slice(1);
    throw new SkbookError({
      code: "BAD_RECORDING",
      tried: "read a key of a map that a probe counted in",
      failed: `${JSON.stringify(key.slice(0, 200))} is not made of ${words.join(", ")}`,
      todo: "measure again: the recording was made by another program, or changed",
    });
  };
}

/** A text that is the same for the same values. */
export function sameValues(values: readonly Value[]): string {
  return JSON.stringify(values, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}
