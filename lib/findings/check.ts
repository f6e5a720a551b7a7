import { z } from "zod";
import { SkbookError } from "../errors/index.js";
import type { Limits, Rules, Thresholds } from "./rule.js";

/** Which rules of a diagnosis to use, and where their thresholds are. */
export interface Choice<Id extends string> {
  thresholds: { readonly [rule in Id]?: { readonly [name: string]: number | undefined } };
  only: readonly Id[] | undefined;
}

const Given = z.object({
  thresholds: z.record(z.string(), z.record(z.string(), z.number().optional())),
  only: z.array(z.string()).optional(),
});

/** Fails on a rule or a threshold that doesn't exist: a misspelt one would be silently the default. */
export function checkChoice(diagnosis: string, rules: Rules<never>, choice: Choice<string>): void {
  const wrong = (failed: string, todo: string) =>
    new SkbookError({ code: "BAD_PARAMETER", tried: diagnosis, failed, todo });
  const parsed = Given.safeParse(choice);
  if (!parsed.success) {
    throw wrong(z.prettifyError(parsed.error), "give {thresholds: {RULE: {name: number}}, only: [RULE]}");
  }
  const { thresholds, only = [] } = parsed.data;
  for (const id of [...only, ...Object.keys(thresholds)]) {
    if (rules[id] === undefined)
      throw wrong(`there is no rule ${id}`, `rules are ${Object.keys(rules).join(", ")}`);
  }
  for (const [id, given] of Object.entries(thresholds)) {
    const known = Object.keys(rules[id]?.thresholds ?? {});
    const unknown = Object.keys(given).find((name) => !known.includes(name));
    if (unknown === undefined) continue;
    throw wrong(
      `the rule ${id} has no threshold ${unknown}`,
      known.length === 0 ? "it has none" : `it has ${known.join(", ")}`,
    );
  }
}

/** A rule's thresholds as numbers: the caller's, else its own. */
export function limitsOf<T extends Thresholds>(
  thresholds: T,
  given: { readonly [name: string]: number | undefined } = {},
): Limits<T> {
  const entries = Object.entries(thresholds).map(([name, { value }]) => [name, given[name] ?? value]);
  return Object.fromEntries(entries) as Limits<T>;
}
