import type { z } from "zod";
import type { Column, Value } from "../../../tables/index.js";
import type { Books } from "../../engine/account.js";
import { countOne } from "../../engine/counters.js";
import { makeProbe, type Probe } from "../../engine/define.js";
import type { ProbeDefinition, ProbeFacts } from "../../engine/definition.js";
import { isMeasuring } from "../../engine/lifecycle.js";
import { countOf } from "../../engine/records.js";
import { maxMapKeys } from "../../engine/run.js";
import { columnsOf, type Field, type Maps, type ReadContext, readFields } from "../../field.js";
import { asked, type Filters } from "../../filter.js";
import { hookNames } from "../../hooks.js";
import type { OfProcess } from "../../library.js";
import type { Target } from "../../target.js";
import type { Printed } from "../../text/bpf.js";
import { type Bpf, bpf, joined } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";
import { byShape, type Choice, chosenFields, chosenKeys } from "../choice.js";
import type { HookAt } from "../hook-at.js";
import { keyReader, sameValues } from "../key.js";
import { type Input, type Output, type Shape, schemaOf } from "../parameters.js";
import { type Writing, writing } from "../writing.js";
import { boundsColumns, boundsValues, plainColumns, untimedValues } from "./bounds.js";
import { type Bucket, boundsOf, bucketOf } from "./samples.js";

/** What the program of a histogram is written with. */
export interface HistogramWriting<Parameters, Interval extends string, Untimed extends string = never>
  extends Writing<Parameters> {
  /**
   * Takes a sample of an interval, by the probe's fields. One that ends before it begins, by clocks of two CPUs, is counted as lost.
   *
   * @param interval its name, or its number among the probe's, where the program decides which it is.
   * @param began variable with its begin, and `ended` with its end, as `nsecs` are.
   */
  sample(at: HookAt, interval: Interval | Bpf, began: Bpf, ended: Bpf): Bpf;
  /** Takes a sample of something whose size the kernel says, in nanoseconds or in its own unit. */
  measure(at: HookAt, interval: Interval, value: Bpf): Bpf;
  /** Counts what has no known time, by the probe's fields. */
  tally(at: HookAt, what: Untimed): Bpf;
  /** Counts something that begins, and does `keep`, which puts it into the map of `open`; nothing when the measuring is over. */
  begin(at: HookAt, keep: Bpf): Bpf;
  /** What it was asked to take samples by, where that can be chosen. */
  by: readonly string[];
}

/** What has begun, by `begin`, and not ended: with it, what has begun and is neither in a row nor there at the end is lost, and rows say how many are there. */
export interface Open {
  map: BpfMap;
  meaning: string;
  /** What a value of the map stands for: how many, and the words of the fields. Default one, of which no field is known. */
  read?(value: readonly unknown[], by: readonly string[]): { count: number; words: readonly string[] };
}

/** What a program leaves in a map at its end that is none of its samples: each entry is counted as something that has no known time. */
export interface Rest<P, Untimed extends string> {
  map: BpfMap;
  /**
   * What an entry is, and the words of the fields.
   *
   * @param ended the program's `nsecs` at its end; null where it could not say.
   */
  read(
    key: readonly string[],
    value: readonly unknown[],
    context: { by: readonly string[]; ended: bigint | null; parameters: P },
  ): { what: Untimed; words: readonly string[] };
}

/** What is measured that is no time. */
export interface Quantity {
  meaning: string;
  unit: string;
}

interface HistogramFacts<F extends Filters, S extends Shape, Interval extends string, Untimed extends string>
  extends ProbeFacts {
  filters?: F;
  /** Parameters of its own, by name. */
  parameters?: S;
  /** Refuses parameters that each are right, and together are not. */
  check?(given: never, context: z.RefinementCtx): void;
  /** Which intervals it measures: name, and from what to what. Each has rows of its own. Or quantities, which have units: all of them, then. */
  intervals: { readonly [Name in Interval]: string } | { readonly [Name in Interval]: Quantity };
  /** What it counts beside them, whose time isn't known: name, and what it is. These have rows, too, with a count alone. */
  untimed?: { readonly [Name in Untimed]: string };
  /** Of what begins and ends in different hooks. The hooks of the end have to be attached first: tracepoints are in the order of the program, and behind them functions, the last in the program first. */
  open?: Open;
  rest?: Rest<Output<F, S>, Untimed>;
  /** For uprobes: the process in whose C library they are. */
  inProcess?(parameters: Output<F, S>): OfProcess;
  program(writing: HistogramWriting<Output<F, S>, Interval, Untimed>): Bpf | readonly Bpf[];
  notes?(target: Target, parameters: Output<F, S>, read: ReadonlySet<string>): string[];
}

/** A probe that always has the same fields. */
export interface HistogramDefinition<
  F extends Filters,
  S extends Shape,
  Interval extends string,
  Untimed extends string = never,
> extends HistogramFacts<F, S, Interval, Untimed> {
  fields: readonly Field[];
}

/** A probe whose samples are taken by what it is asked to. */
export interface ChoiceHistogramDefinition<
  F extends Filters,
  S extends Shape,
  Interval extends string,
  Key extends string,
  Untimed extends string = never,
> extends HistogramFacts<F, S, Interval, Untimed>,
    Choice<Key> {}

const samples = new BpfMap("samples", true);
const totals = new BpfMap("total", true);
/** Stands for the bucket of what has no known time. */
const noBucket = -1;

/**
 * Makes a probe that measures how long intervals take, in the kernel: one row for each of its fields' values and each interval, with
 * the exact number of samples and their sum, and percentiles as bounds.
 */
export function defineHistogram<
  F extends Filters = Record<never, never>,
  S extends Shape = Record<never, never>,
  Interval extends string = string,
  Key extends string = never,
  Untimed extends string = never,
>(
  definition:
    | HistogramDefinition<F, S, Interval, Untimed>
    | ChoiceHistogramDefinition<F, S, Interval, Key, Untimed>,
): Probe<
  NoInfer<Input<F, S>> & ([Key] extends [never] ? unknown : { by?: NoInfer<Key>[] | undefined }),
  "frame"
> {
  type P = Output<F, S>;
  const {
    filters = {},
    parameters = {},
    check,
    intervals,
    untimed = {},
    open,
    rest,
    inProcess,
    program,
    notes,
    ...facts
  } = definition;
  const units = Object.values<string | Quantity>(intervals).flatMap((one) =>
    typeof one === "string" ? [] : [one.unit],
  );
  const inTime = units.length === 0;
  const named: { readonly [name: string]: string | Quantity } = {
    ...intervals,
    ...untimed,
    ...(open === undefined ? {} : { open: open.meaning }),
  };
  const names = Object.keys(named);
  const meanings = Object.entries(named).map(
    ([name, one]) => `${name}: ${typeof one === "string" ? one : one.meaning}`,
  );
  const meaning = meanings.join("; ");
  const interval: Column[] = inTime
    ? [{ name: "interval", type: "VARCHAR", meaning }]
    : [
        { name: "quantity", type: "VARCHAR", meaning },
        {
          name: "unit",
          type: "VARCHAR",
          meaning: `of what stands behind: ${[...new Set(units)].join(", ")}`,
        },
      ];
  const nameValues = (which: number): Value[] => [
    names[which] ?? null,
    ...(inTime ? [] : [units[which] ?? null]),
  ];
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
    columns: (given) => [
      ...columnsOf(fieldsOf(given)),
      ...interval,
      ...(inTime ? boundsColumns : plainColumns),
    ],
    books: () => ({
      hooks: hookNames(facts.hooks),
      countMap: samples.name,
      open: openBooks(open),
      matched: open !== undefined,
      mapKeys,
    }),
    // What one hook has not seen another may tell of: none of them ends before the others.
    endsAtOnce: open !== undefined || Object.keys(untimed).length > 0,
    write(given, site) {
      const nothing = () => bpf``;
      const counted = { began: nothing, returned: nothing };
      const base = writing(facts, site, given as P, asked(filters, given as P), counted);
      const keyOf = (at: HookAt, which: string | Bpf) => [
        ...fieldsOf(given).flatMap((one) => (one.key ?? one).say(at)),
        typeof which === "string" ? names.indexOf(which) : which,
      ];
      const take = (at: HookAt, which: Interval | Bpf, value: Bpf) => {
        const key = keyOf(at, which);
        return bpf`${bucketOf(value)}
  ${samples.at(...key, bpf`$bucket`)} = count(); ${totals.at(...key)} = sum(${value});`;
      };
      const sample = (at: HookAt, which: Interval | Bpf, began: Bpf, ended: Bpf) => {
        const ns = bpf`$ns`;
        return bpf`if (${ended} < ${began}) { ${countOne("negative", at.index)} } else { ${ns} = ${ended} - ${began};
  ${take(at, which, ns)} }`;
      };
      const tally = (at: HookAt, what: Untimed) =>
        bpf`if (${isMeasuring}) { ${samples.at(...keyOf(at, what), noBucket)} = count(); }`;
      const begin = (at: HookAt, keep: Bpf) =>
        bpf`if (${isMeasuring}) { ${countOne("matched", at.index)} ${keep} }`;
      const by = "by" in definition ? chosenKeys(definition, given) : [];
      return joined([program({ ...base, sample, measure: take, tally, begin, by })].flat(), "\n");
    },
    conclude(maps, context) {
      const { parameters, ended } = context;
      const keys = "by" in definition ? chosenKeys(definition, parameters) : [];
      const left = [...(maps.get(rest?.map.name ?? "") ?? [])].flatMap(([key, value]) =>
        rest === undefined
          ? []
          : [rest.read(key.split(","), [value].flat(), { by: keys, ended, parameters: parameters as P })],
      );
      const counted = left.map(({ what, words }) => ({ which: names.indexOf(what), words }));
      const all = distributions(fieldsOf(parameters), maps, { ...context, maps }, counted);
      const rows = all.map(({ values, which, count, buckets, total }) => [
        ...values,
        ...nameValues(which),
        ...(buckets.length === 0 ? untimedValues(count) : boundsValues(buckets, total)),
      ]);
      return [...rows, ...openRows(open, keys, fieldsOf(parameters), { ...context, maps })];
    },
    ...(inProcess === undefined ? {} : { inProcess: (given: unknown) => inProcess(given as P) }),
    ...(notes === undefined
      ? {}
      : {
          notes: (target: Target, given: unknown, read: ReadonlySet<string>) =>
            notes(target, given as P, read),
        }),
  };
  return makeProbe(made);
}

function openBooks(open: Open | undefined): Books["open"] {
  return open && { map: open.map.name, count: (value) => open.read?.([value].flat(), []).count ?? 1 };
}

/** What has not ended, by the fields. */
function openRows(
  open: Open | undefined,
  by: readonly string[],
  fields: readonly Field[],
  context: ReadContext & { maps: Maps },
): Value[][] {
  const rows = new Map<string, { values: readonly Value[]; count: number }>();
  for (const value of context.maps.get(open?.map.name ?? "")?.values() ?? []) {
    const read = open?.read?.([value].flat(), by);
    const values = read ? readFields(fields, read.words, context) : columnsOf(fields).map(() => null);
    const name = sameValues(values);
    rows.set(name, { values, count: (rows.get(name)?.count ?? 0) + (read?.count ?? 1) });
  }
  return [...rows.values()].map(({ values, count }) => [...values, "open", ...untimedValues(count)]);
}

interface Distribution {
  values: readonly Value[];
  /** Number of the interval. */
  which: number;
  count: number;
  /** None of what has no known time. */
  buckets: Bucket[];
  total: bigint;
}

/** What the maps have, by the values that their keys stand for: the most samples first, intervals in their order. */
function distributions(
  fields: readonly Field[],
  maps: Maps,
  context: ReadContext,
  counted: readonly { which: number; words: readonly string[] }[],
): Distribution[] {
  const words = fields.flatMap(({ key, words }) => key?.words ?? words);
  // A part of a key that is printed as two numbers is two words.
  const read = fields.flatMap((one) => one.words).length;
  const all = new Map<string, Distribution>();
  const place = (said: readonly string[], which = Number(said[read])) => {
    const values = readFields(fields, said.slice(0, read), context);
    const name = sameValues([...values, which]);
    const found = all.get(name) ?? { values, which, count: 0, buckets: [], total: 0n };
    all.set(name, found);
    return found;
  };
  const number: Printed = "number";
  const readBucket = keyReader([...words, number, number]);
  for (const [key, count] of maps.get(samples.name) ?? []) {
    const said = readBucket(key);
    const [here, bucket] = [place(said), Number(said.at(-1))];
    here.count += countOf(count);
    if (bucket !== noBucket) here.buckets.push({ ...boundsOf(bucket), count: countOf(count) });
  }
  const readKey = keyReader([...words, number]);
  for (const [key, total] of maps.get(totals.name) ?? []) place(readKey(key)).total += BigInt(String(total));
  for (const { which, words } of counted) place(words, which).count += 1;
  const named = ({ values }: Distribution) => sameValues(values);
  return [...all.values()].sort(
    (a, b) =>
      b.count - a.count || (named(a) < named(b) ? -1 : Number(named(a) > named(b))) || a.which - b.which,
  );
}
