import { z } from "zod";
import type { Field } from "../field.js";

/** A type that is given elsewhere. */
type NotInferred<T> = [T][T extends unknown ? 0 : never];

/** What a summary can be asked to count by. */
export interface Choice<Key extends string> {
  /** What `by` can name, in the order in which keys are written. */
  by: { readonly [Name in Key]: Field };
  /** What it counts by unless asked. */
  usual: readonly NotInferred<Key>[];
  /** Why these can't be asked for together; undefined where they can. */
  conflict?(keys: readonly string[]): string | undefined;
}

/** The fields of a summary, for what was asked. */
export function chosenFields(
  definition: { fields: readonly Field[] } | Choice<string>,
): (given: unknown) => readonly Field[] {
  if (!("by" in definition)) return () => definition.fields;
  return (given) => chosenKeys(definition, given).map((key) => definition.by[key] as Field);
}

/** What it counts by. */
export function chosenKeys({ usual }: Pick<Choice<string>, "usual">, given: unknown): readonly string[] {
  return (given as { by?: readonly string[] }).by ?? usual;
}

/** What may be counted by; not there where it is as usual, so that a recording answers both. */
export function byShape<Key extends string>({ by, usual, conflict }: Choice<Key>): z.ZodType {
  const names = Object.keys(by) as [Key, ...Key[]];
  return z
    .array(z.enum(names))
    .min(1)
    .refine((keys) => new Set(keys).size === keys.length, "names something twice")
    .superRefine((keys, context) => {
      const message = conflict?.(keys);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .optional()
    .transform((keys) => (keys?.join() === usual.join() ? undefined : keys))
    .describe(`what to count by, in the order of the columns; default ${usual.join(", ")}`);
}
