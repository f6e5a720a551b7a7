import type { z } from "zod";
import type { Column, Value } from "../../../tables/index.js";
import type { Books } from "../../engine/account.js";
import { countOne } from "../../engine/counters.js";
import { makeProbe, type Probe } from "../../engine/define.js";
import type { ProbeDefinition, ProbeFacts } from "../../engine/definition.js";
import { isMeasuring } from "../../engine/lifecycle.js";
import { statsOf } from "../../engine/records.js";
import { maxMapKeys } from "../../engine/run.js";
import { keysPerStats } from "../../engine/version.js";
import { columnsOf, type Field, type Maps, type ReadContext, readFields } from "../../field.js";
import { asked, type Filters } from "../../filter.js";
import { hookNames } from "../../hooks.js";
import type { OfProcess } from "../../library.js";
import type { Target } from "../../target.js";
import type { Printed } from "../../text/bpf.js";
import { type Bpf, type BpfValue, bpf, joined } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";
import { byShape, type Choice, chosenFields, chosenKeys } from "../choice.js";
import type { HookAt } from "../hook-at.js";
import { keyReader, sameValues } from "../key.js";
import { type Input, type Output, type Shape, schemaOf } from "../parameters.js";
import { type Writing, writing } from "../writing.js";
import { boundsColumns, plainColumns, samplesBounds, untimedValues } from "./bounds.js";
import { boundsOf, bucketOf, type Summed, samplesIn } from "./samples.js";

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

const samples = new BpfMap("samples", true, 16);
/** In place of a bucket, for what has no known time: the last one is 255. */
const noBucket = 256;
/** Bits of either, behind the interval's number. */
const slotBits = 9;

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
  const roomOn = ({ snapshot }: Target) => (facts.mapKeys ?? maxMapKeys) / keysPerStats(snapshot);
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
    books: (_, target) => ({
      hooks: hookNames(facts.hooks),
      countMap: samples.name,
      open: openBooks(open),
      matched: open !== undefined,
      mapKeys: roomOn(target),
    }),
    // What one hook has not seen another may tell of: none of them ends before the others.
    endsAtOnce: open !== undefined || Object.keys(untimed).length > 0,
    write(given, site) {
      const nothing = () => bpf``;
      const counted = { began: nothing, returned: nothing };
      const base = writing(facts, site, given as P, asked(filters, given as P), counted);
      const slotOf = (at: HookAt, which: string | Bpf, bucket: BpfValue) => {
        const interval = typeof which === "string" ? names.indexOf(which) : bpf`(${which})`;
        const key = fieldsOf(given).flatMap((one) => (one.key ?? one).say(at));
        return samples.at(...key, bpf`${interval} << ${slotBits} | ${bucket}`);
      };
      const take = (at: HookAt, which: Interval | Bpf, value: Bpf) =>
        bpf`${bucketOf(value)}
  ${slotOf(at, which, bpf`$bucket`)} = stats(${value});`;
      const sample = (at: HookAt, which: Interval | Bpf, began: Bpf, ended: Bpf) => {
        const ns = bpf`$ns`;
        return bpf`if (${ended} < ${began}) { ${countOne("negative", at.index)} } else { ${ns} = ${ended} - ${began};
  ${take(at, which, ns)} }`;
      };
      const tally = (at: HookAt, what: Untimed) =>
        bpf`if (${isMeasuring}) { ${slotOf(at, what, noBucket)} = stats((uint64)0); }`;
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
      const room = roomOn(context.target);
      const all = distributions(fieldsOf(parameters), { ...context, maps, room }, counted);
      const rows = all.map(({ values, which, count, buckets }) => [
        ...values,
        ...nameValues(which),
        ...(buckets.length === 0 ? untimedValues(count) : samplesBounds(samplesIn(buckets))),
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
  buckets: Summed[];
}

/** What the maps have, by the values that their keys stand for: the most samples first, intervals in their order. */
function distributions(
  fields: readonly Field[],
  context: ReadContext & { maps: Maps; room: number },
  counted: readonly { which: number; words: readonly string[] }[],
): Distribution[] {
  const words = fields.flatMap(({ key, words }) => key?.words ?? words);
  // A part of a key that is printed as two numbers is two words.
  const read = fields.flatMap((one) => one.words).length;
  const all = new Map<string, Distribution>();
  const place = (said: readonly string[], which: number) => {
    const values = readFields(fields, said.slice(0, read), context);
    const name = sameValues([...values, which]);
    const found = all.get(name) ?? { values, which, count: 0, buckets: [] };
    all.set(name, found);
    return found;
  };
  const number: Printed = "number";
  const readKey = keyReader([...words, number]);
  const taken = context.maps.get(samples.name) ?? new Map();
  // In the bucket of 0 and 1 a sum without room looks like one of zeros.
  const isDoubtful = (total: number, bucket: number) =>
    bucket === 0 && total === 0 && taken.size >= context.room;
  for (const [key, value] of taken) {
    const said = readKey(key);
    const slot = Number(said[read]);
    const [which, bucket] = [slot >> slotBits, slot & (2 ** slotBits - 1)];
    const here = place(said, which);
    const { count, total } = statsOf(value);
    here.count += count;
    if (bucket === noBucket) continue;
    here.buckets.push({
      ...boundsOf(bucket),
      count,
      total: isDoubtful(total, bucket) ? Number.NaN : total,
    });
  }
  for (const { which, words } of counted) place(words, which).count += 1;
  const named = ({ values }: Distribution) => sameValues(values);
  return [...all.values()].sort(
    (a, b) =>
      b.count - a.count || (named(a) < named(b) ? -1 : Number(named(a) > named(b))) || a.which - b.which,
  );
}
