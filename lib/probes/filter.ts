import type { z } from "zod";
import type { HookSite } from "./site.js";
import type { Bpf } from "./text/bpf.js";

/** Something that a probe can be asked to look at only: what may be asked, what it means, and what the kernel compares. */
export interface Filter<Schema extends z.ZodType = z.ZodType> {
  schema: Schema;
  meaning: string;
  /** True for what is wanted. */
  test(value: z.output<Schema>, site: HookSite): Bpf;
  /** The IP versions that packets can have then; default both. */
  versions?(value: z.output<Schema>): readonly (4 | 6)[];
  /** The packet inside a tunnel is meant. */
  inside?: boolean;
}

export type Filters = { readonly [name: string]: Filter };

/** What a cell gives for filters. */
export type FilterInput<Named extends Filters> = {
  [Name in keyof Named]?: z.input<Named[Name]["schema"]> | undefined;
};

export function filter<Schema extends z.ZodType>(definition: Filter<Schema>): Filter<Schema> {
  return definition;
}

/** The filters' part of a probe's parameters. */
export function filterShape(filters: Filters): { [name: string]: z.ZodOptional<z.ZodType> } {
  return Object.fromEntries(
    Object.entries(filters).map(([name, { schema, meaning }]) => [name, schema.describe(meaning).optional()]),
  );
}

/** Filters that were asked for. */
export interface Asked {
  tests(site: HookSite): Bpf[];
  versions: readonly (4 | 6)[];
  inside: boolean;
}

export function asked(filters: Filters, parameters: { readonly [name: string]: unknown }): Asked {
  const given = Object.entries(filters).flatMap(([name, one]) =>
    parameters[name] === undefined ? [] : [{ one, value: parameters[name] }],
  );
  const allows = (version: 4 | 6) =>
    given.every(({ one, value }) => one.versions?.(value).includes(version) ?? true);
  return {
    tests: (site) => given.map(({ one, value }) => one.test(value, site)),
    versions: ([4, 6] as const).filter(allows),
    inside: given.some(({ one }) => one.inside === true),
  };
}
