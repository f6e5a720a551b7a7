import { z } from "zod";
import { type Field, field } from "./field.js";
import { kernelStack } from "./site.js";

/** Parameter of probes with rows that can have a stack. */
export const stackDepth = z
  .union([z.boolean().transform((wanted) => (wanted ? 8 : 0)), z.int().min(0).max(64)])
  .default(0)
  .describe("kernel stack with every row, so many functions deep, up to 64; 0 or false for none, true for 8");

/** The kernel's stack, so many functions deep; null for a depth of 0. */
export function stackField(depth: number): Field {
  return field({
    name: "stack",
    type: "VARCHAR",
    meaning: "kernel functions, innermost first; null unless asked for",
    words: depth > 0 ? ["stack"] : [],
    say: () => (depth > 0 ? [kernelStack(depth)] : []),
    read: ([stack = ""]) => stackOf(stack),
  });
}

/** A kernel stack as bpftrace prints it, one function on a line, innermost first: `a+1 < b+2`. null where it could not be taken. */
export function stackOf(printed: string): string | null {
  const functions = printed
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return functions.length === 0 ? null : functions.join(" < ");
}
