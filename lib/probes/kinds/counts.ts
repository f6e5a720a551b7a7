import type { z } from "zod";
import type { Column, Value } from "../../tables/index.js";
import { countOne } from "../engine/counters.js";
import { makeProbe, type Probe } from "../engine/define.js";
import type { ProbeDefinition, ProbeFacts } from "../engine/definition.js";
import { countOf } from "../engine/records.js";
import { maxMapKeys } from "../engine/run.js";
import { columnsOf, type Field, type ReadContext, readFields } from "../field.js";
import { asked, type Filters } from "../filter.js";
import { hookNames } from "../hooks.js";
import type { Target } from "../target.js";
import { type Bpf, bpf, joined } from "../text/bpf.js";
import { BpfMap } from "../text/maps.js";
import { byShape, type Choice, chosenFields } from "./choice.js";
import type { HookAt } from "./hook-at.js";
import { keyReader, sameValues } from "./key.js";
import { type Input, type Output, type Shape, schemaOf } from "./parameters.js";
import { type Writing, writing } from "./writing.js";

/** What the program of a counting probe is written with. */
export interface CountsWriting<Parameters> extends Writing<Parameters> {
  /** Counts an event by the probe's fields. */
  count(at: HookAt): Bpf;
}

interface CountsFacts<F extends Filters, S extends Shape> extends ProbeFacts {
  filters?: F;
  /** Parameters of its own, by name. */
  parameters?: S;
  /** Refuses parameters that each are right, and together are not. */
  check?(given: never, context: z.RefinementCtx): void;
  /** The last column: what is counted. */
  total: Pick<Column, "name" | "unit" | "meaning">;
  /** Whether it counts calls when they return: what began and did not return is lost then. Default false. */
  calls?: boolean;
  program(writing: CountsWriting<Output<F, S>>): Bpf | readonly Bpf[];
  /** Puts rows in order; default the largest count first. */
  order?(a: readonly Value[], b: readonly Value[]): number;
  notes?(target: Target, parameters: Output<F, S>, read: ReadonlySet<string>): string[];
}

/** A probe that counts by the same fields always. */
export interface CountsDefinition<F extends Filters, S extends Shape> extends CountsFacts<F, S> {
  fields: readonly Field[];
}

/** A probe that counts by what it is asked to. */
export interface ChoiceDefinition<F extends Filters, S extends Shape, Key extends string>
  extends CountsFacts<F, S>,
    Choice<Key> {}

const counts = new BpfMap("counts", true);

/** Makes a probe that counts in the kernel: nothing is sent per event, so that it is cheap at any rate. */
export function defineCounts<
  F extends Filters = Record<never, never>,
  S extends Shape = Record<never, never>,
  Key extends string = never,
>(
  definition: CountsDefinition<F, S> | ChoiceDefinition<F, S, Key>,
): Probe<
  NoInfer<Input<F, S>> & ([Key] extends [never] ? unknown : { by?: NoInfer<Key>[] | undefined }),
  "frame"
> {
  type P = Output<F, S>;
  const {
    filters = {},
    parameters = {},
    check,
    total,
    calls = false,
    program,
    order,
    notes,
    ...facts
  } = definition;
  const fieldsOf = chosenFields(definition);
  const mapKeys = facts.mapKeys ?? maxMapKeys;
  const countsBegins = (given: P) => calls || fieldsOf(given).some(({ unbounded }) => unbounded);
  const made: ProbeDefinition<z.ZodType, "frame"> = {
    ...facts,
    kind: "counts",
    shape: "frame",
    parameters: schemaOf(
      "by" in definition ? { ...parameters, by: byShape(definition) } : parameters,
      filters,
      check,
    ),
    fields: (given) => fieldsOf(given),
    columns: (given) => [...columnsOf(fieldsOf(given)), { ...total, type: "BIGINT" }],
    books: (given) => ({
      hooks: hookNames(facts.hooks),
      countMap: counts.name,
      matched: countsBegins(given as P),
      mapKeys,
    }),
    endsAtOnce: calls || hookNames(facts.hooks).length > 1,
    write(given, site) {
      const p = given as P;
      const began = (at: HookAt) => countOne("matched", at.index);
      const counted = { began, returned: () => bpf`` };
      const base = writing(facts, site, p as Output<F, S>, asked(filters, p), counted);
      const count = (at: HookAt) => {
        const key = fieldsOf(p).flatMap((one) => (one.key ?? one).say(at));
        const one = bpf`${counts.at(...key)} = count();`;
        const isReturn = at.hook.startsWith("kretprobe:");
        return countsBegins(p) && !isReturn ? bpf`${began(at)} ${one}` : one;
      };
      return joined([program({ ...base, count })].flat(), "\n");
    },
    conclude: (maps, context) =>
      rowsOf(fieldsOf(context.parameters), maps.get(counts.name), { ...context, maps }).sort(
        order ?? byCount,
      ),
    ...(notes === undefined
      ? {}
      : {
          notes: (target: Target, given: unknown, read: ReadonlySet<string>) =>
            notes(target, given as P, read),
        }),
  };
  return makeProbe(made);
}

/** The rows of a printed map; keys of which the same values are made are one row. */
function rowsOf(
  fields: readonly Field[],
  map: ReadonlyMap<string, unknown> | undefined,
  context: ReadContext,
): Value[][] {
  const read = keyReader(fields.flatMap(({ key, words }) => key?.words ?? words));
  const rows = new Map<string, { values: readonly Value[]; count: number }>();
  for (const [key, count] of map ?? []) {
    const values = readFields(fields, read(key), context);
    const place = sameValues(values);
    const before = rows.get(place)?.count ?? 0;
    rows.set(place, { values, count: before + countOf(count) });
  }
  return [...rows.values()].map(({ values, count }) => [...values, count]);
}

function byCount(a: readonly Value[], b: readonly Value[]): number {
  return Number(b.at(-1)) - Number(a.at(-1)) || (String(a) < String(b) ? -1 : 1);
}
