import type { z } from "zod";
import type { Column, Value } from "../../../tables/index.js";
import { countOne } from "../../engine/counters.js";
import { makeProbe, type Probe } from "../../engine/define.js";
import type { ProbeDefinition, ProbeFacts } from "../../engine/definition.js";
import { maxMapKeys } from "../../engine/run.js";
import { columnsOf, type Field, type Maps, type ReadContext, readFields } from "../../field.js";
import { asked, type Filters } from "../../filter.js";
import { hookNames } from "../../hooks.js";
import type { Printed } from "../../text/bpf.js";
import { type Bpf, bpf, joined } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";
import { byShape, type Choice, chosenFields, chosenKeys } from "../choice.js";
import type { HookAt } from "../hook-at.js";
import { keyReader, sameValues } from "../key.js";
import { type Input, type Output, type Shape, schemaOf } from "../parameters.js";
import { type Writing, writing } from "../writing.js";
import { boundsColumns, boundsValues } from "./bounds.js";
import { type Bucket, boundsOf, bucketOf } from "./samples.js";

/** What the program of a histogram is written with. */
export interface HistogramWriting<Parameters, Interval extends string> extends Writing<Parameters> {
  /**
   * Takes a sample of an interval, by the probe's fields. One that ends before it begins, by clocks of two CPUs, is counted as lost.
   *
   * @param interval its name, or its number among the probe's, where the program decides which it is.
   * @param began variable with its begin, and `ended` with its end, as `nsecs` are.
   */
  sample(at: HookAt, interval: Interval | Bpf, began: Bpf, ended: Bpf): Bpf;
  /** What it was asked to take samples by, where that can be chosen. */
  by: readonly string[];
}

interface HistogramFacts<F extends Filters, S extends Shape, Interval extends string> extends ProbeFacts {
  filters?: F;
  /** Parameters of its own, by name. */
  parameters?: S;
  /** Refuses parameters that each are right, and together are not. */
  check?(given: never, context: z.RefinementCtx): void;
  /** Which intervals it measures: name, and from what to what. Each has rows of its own. */
  intervals: { readonly [Name in Interval]: string };
  program(writing: HistogramWriting<Output<F, S>, Interval>): Bpf | readonly Bpf[];
}

/** A probe that always has the same fields. */
export interface HistogramDefinition<F extends Filters, S extends Shape, Interval extends string>
  extends HistogramFacts<F, S, Interval> {
  fields: readonly Field[];
}

/** A probe whose samples are taken by what it is asked to. */
export interface ChoiceHistogramDefinition<
  F extends Filters,
  S extends Shape,
  Interval extends string,
  Key extends string,
> extends HistogramFacts<F, S, Interval>,
    Choice<Key> {}

const samples = new BpfMap("samples", true);
const totals = new BpfMap("total", true);

/**
 * Makes a probe that measures how long intervals take, in the kernel: one row for each of its fields' values and each interval, with
 * the exact number of samples and their sum, and percentiles as bounds.
 */
export function defineHistogram<
  F extends Filters = Record<never, never>,
  S extends Shape = Record<never, never>,
  Interval extends string = string,
  Key extends string = never,
>(
  definition: HistogramDefinition<F, S, Interval> | ChoiceHistogramDefinition<F, S, Interval, Key>,
): Probe<
  NoInfer<Input<F, S>> & ([Key] extends [never] ? unknown : { by?: NoInfer<Key>[] | undefined }),
  "frame"
> {
  type P = Output<F, S>;
  const { filters = {}, parameters = {}, check, intervals, program, ...facts } = definition;
  const names = Object.keys(intervals) as Interval[];
  const meanings = Object.entries<string>(intervals).map(([name, meaning]) => `${name}: ${meaning}`);
  const interval: Column = { name: "interval", type: "VARCHAR", meaning: meanings.join("; ") };
  const fieldsOf = chosenFields(definition);
  const mapKeys = facts.mapKeys ?? maxMapKeys;
  const made: ProbeDefinition<z.ZodType, "frame"> = {
    ...facts,
    kind: "histogram",
    shape: "frame",
    parameters: schemaOf(
      "by" in definition ? { ...parameters, by: byShape(definition) } : parameters,
      filters,
      check,
    ),
    fields: fieldsOf,
    columns: (given) => [...columnsOf(fieldsOf(given)), interval, ...boundsColumns],
    books: () => ({ hooks: hookNames(facts.hooks), countMap: samples.name, mapKeys }),
    endsAtOnce: false,
    write(given, site) {
      const nothing = () => bpf``;
      const counted = { began: nothing, returned: nothing };
      const base = writing(facts, site, given as P, asked(filters, given as P), counted);
      const sample = (at: HookAt, which: Interval | Bpf, began: Bpf, ended: Bpf) => {
        const number = typeof which === "string" ? names.indexOf(which) : which;
        const key = [...fieldsOf(given).flatMap((one) => (one.key ?? one).say(at)), number];
        const ns = bpf`$ns`;
        return bpf`if (${ended} < ${began}) { ${countOne("negative", at.index)} } else { ${ns} = ${ended} - ${began};
  ${bucketOf(ns)}
  ${samples.at(...key, bpf`$bucket`)} = count(); ${totals.at(...key)} = sum(${ns}); }`;
      };
      const by = "by" in definition ? chosenKeys(definition, given) : [];
      return joined([program({ ...base, sample, by })].flat(), "\n");
    },
    conclude(maps, context) {
      const all = distributions(fieldsOf(context.parameters), maps, { ...context, maps });
      return all.map(({ values, which, buckets, total }) => [
        ...values,
        names[which] ?? null,
        ...boundsValues(buckets, total),
      ]);
    },
  };
  return makeProbe(made);
}

interface Distribution {
  values: readonly Value[];
  /** Number of the interval. */
  which: number;
  buckets: Bucket[];
  total: bigint;
}

/** What the maps have, by the values that their keys stand for: the most samples first, intervals in their order. */
function distributions(fields: readonly Field[], maps: Maps, context: ReadContext): Distribution[] {
  const words = fields.flatMap(({ key, words }) => key?.words ?? words);
  const all = new Map<string, Distribution>();
  const place = (said: readonly string[]) => {
    const which = Number(said[words.length]);
    const values = readFields(fields, said.slice(0, words.length), context);
    const name = sameValues([...values, which]);
    const found = all.get(name) ?? { values, which, buckets: [], total: 0n };
    all.set(name, found);
    return found;
  };
  const number: Printed = "number";
  const readBucket = keyReader([...words, number, number]);
  for (const [key, count] of maps.get(samples.name) ?? []) {
    const said = readBucket(key);
    place(said).buckets.push({ ...boundsOf(Number(said.at(-1))), count: Number(count) });
  }
  const readKey = keyReader([...words, number]);
  for (const [key, total] of maps.get(totals.name) ?? []) place(readKey(key)).total += BigInt(String(total));
  const counted = ({ buckets }: Distribution) => buckets.reduce((sum, { count }) => sum + count, 0);
  const named = ({ values }: Distribution) => sameValues(values);
  return [...all.values()].sort(
    (a, b) =>
      counted(b) - counted(a) ||
      (named(a) < named(b) ? -1 : Number(named(a) > named(b))) ||
      a.which - b.which,
  );
}
