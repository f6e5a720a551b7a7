import type { z } from "zod";
import { makeProbe, type Probe } from "../../engine/define.js";
import type { ProbeDefinition, ProbeFacts } from "../../engine/definition.js";
import { asked } from "../../filter.js";
import { hookNames } from "../../hooks.js";
import type { Target } from "../../target.js";
import { type Bpf, bpf, joined } from "../../text/bpf.js";
import { type Input, type Output, type Shape, schemaOf } from "../parameters.js";
import { type Writing, writing } from "../writing.js";
import { add } from "./counters.js";
import { begins, eachRows, ends, onWay } from "./each.js";
import { exchangeRows, steps } from "./exchange.js";
import { legColumns } from "./row.js";

/** What the program of a probe of stages is written with. `$now` is the time of the event, and `$way` its way: 1 there, 2 back. */
export interface StagesWriting<Parameters> extends Writing<Parameters> {
  /** A packet that stands for itself comes in, on the way `$way`; `key` tells it from others on that way. Bits 46 and 47 of its first word are 0. */
  begins(key: readonly Bpf[]): Bpf;
  /** It goes out. */
  ends(key: readonly Bpf[]): Bpf;
  /** A request, or its reply, is seen at a stage; `key` is the same for both. */
  steps(stage: 0 | 1 | 2 | 3, key: readonly Bpf[]): Bpf;
  /** It stands for several segments, where its way begins. */
  merged(): Bpf;
}

/** A probe that follows packets past several hooks, and counts what becomes of them and how long they take, in the kernel. */
export interface StagesDefinition<S extends Shape> extends ProbeFacts {
  parameters: S;
  /** Refuses parameters that each are right, and together are not. */
  check?(given: never, context: z.RefinementCtx): void;
  /** Packets that stand for themselves, on two ways; or requests and their replies, with four legs. */
  follows(parameters: Output<Record<never, never>, S>): "each" | "exchange";
  /** What has not come out after so long is lost. */
  timeoutMs(parameters: Output<Record<never, never>, S>): number;
  /** Packets that are followed at a time: those on their way, and those that got lost. The kernel sets memory aside for them. */
  mapKeys: number;
  program(writing: StagesWriting<Output<Record<never, never>, S>>): Bpf | readonly Bpf[];
  notes?(target: Target, parameters: Output<Record<never, never>, S>): string[];
}

/** Makes a probe that follows packets past several hooks, with one row for each leg of their way. */
export function defineStages<S extends Shape>(
  definition: StagesDefinition<S>,
): Probe<Input<Record<never, never>, S>, "frame"> {
  type P = Output<Record<never, never>, S>;
  const { parameters, check, follows, timeoutMs, program, notes, ...facts } = definition;
  const made: ProbeDefinition<z.ZodType, "frame"> = {
    ...facts,
    kind: "stages",
    shape: "frame",
    parameters: schemaOf(parameters, {}, check),
    fields: () => [],
    columns: () => legColumns,
    books: () => ({ hooks: hookNames(facts.hooks), countMap: null, mapKeys: facts.mapKeys }),
    endsAtOnce: false,
    write(given, site) {
      const p = given as P;
      const nothing = () => bpf``;
      const base = writing(facts, site, p, asked({}, {}), { began: nothing, returned: nothing });
      const all = program({
        ...base,
        begins: (key) => withKey(onWay(key), (words) => begins(words, timeoutMs(p))),
        ends: (key) => withKey(onWay(key), ends),
        steps: (stage, key) => withKey(key, (words) => steps(stage, words, timeoutMs(p))),
        merged: () => bpf`if ($way == 1) { ${add("merged", 0)} } else { ${add("merged", 2)} }`,
      });
      return joined([all].flat(), "\n");
    },
    conclude(maps, { parameters, ended }) {
      const p = parameters as P;
      const timeoutNs = BigInt(timeoutMs(p)) * 1_000_000n;
      return (follows(p) === "each" ? eachRows : exchangeRows)(maps, ended, timeoutNs);
    },
    ...(notes === undefined ? {} : { notes: (target: Target, given: unknown) => notes(target, given as P) }),
  };
  return makeProbe(made);
}

/** Statements that name the key once. */
function withKey(key: readonly Bpf[], statements: (words: readonly Bpf[]) => Bpf): Bpf {
  const words = key.map((_, index) => bpf`$key${index}`);
  const set = key.map((word, index) => bpf`${words[index] as Bpf} = ${word};`);
  return joined([joined(set, " "), statements(words)], "\n  ");
}
