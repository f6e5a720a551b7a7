import { z } from "zod";
import { type FilterInput, type Filters, filterShape } from "../filter.js";

/** Parameters of a probe's own, beside filters: zod schemas by name. */
export type Shape = { readonly [name: string]: z.ZodType };

/** What a cell may give. */
export type Input<F extends Filters, S extends Shape> = FilterInput<F> &
  ([keyof S] extends [never] ? unknown : z.input<z.ZodObject<S>>);

/** What the program and the decoder get. */
export type Output<F extends Filters, S extends Shape> = {
  [Name in keyof F]?: z.output<F[Name]["schema"]> | undefined;
} & ([keyof S] extends [never] ? unknown : z.output<z.ZodObject<S>>);

/** The schema of a probe's parameters: those of its own, filters, and what its kind adds. Others are refused. */
export function schemaOf(
  shape: Shape,
  filters: Filters,
  check?: (given: never, context: z.RefinementCtx) => void,
): z.ZodType {
  const object = z.strictObject({ ...shape, ...filterShape(filters) });
  return check === undefined ? object : object.superRefine(check as never);
}

/** Rows at most. */
export const maxEvents = z
  .int()
  .min(1)
  .max(10_000_000)
  .default(10_000)
  .describe("rows at most; what the kernel goes on counting beyond is said");
