import type { z } from "zod";
import type { Column } from "../../../tables/index.js";
import { makeProbe, type Probe } from "../../engine/define.js";
import type { ProbeDefinition, ProbeFacts } from "../../engine/definition.js";
import { asked, type Filters } from "../../filter.js";
import { hookNames } from "../../hooks.js";
import type { Target } from "../../target.js";
import { type Bpf, bpf, joined } from "../../text/bpf.js";
import { bucketOf, Histogram } from "../histogram/index.js";
import { type Input, type Output, type Shape, schemaOf } from "../parameters.js";
import { type Writing, writing } from "../writing.js";
import { Following, type Taking, type Ways } from "./following.js";
import { pairColumns, pairRows } from "./pair-rows.js";

/** What the program of a probe of pairs of stages is written with. */
export interface PairsWriting<Parameters> extends Writing<Parameters> {
  following(ways: Ways): Following;
}

/** A probe that follows packets from stage to stage of one host, by the memory that they stand in. */
export interface PairsDefinition<F extends Filters, S extends Shape> extends ProbeFacts {
  filters?: F;
  parameters: S;
  /** Refuses parameters that each are right, and together are not. */
  check?(given: never, context: z.RefinementCtx): void;
  /** Names of the stages, 31 at most, by their numbers. */
  stages: readonly string[];
  /** The stage from which a packet's way leads through user space. */
  upcall: string;
  /** What has not come out after so long is lost. */
  timeoutMs(parameters: Output<F, S>): number;
  /** Packets that are followed at a time: those on their way, and those that got lost. */
  mapKeys: number;
  program(writing: PairsWriting<Output<F, S>>): Bpf | readonly Bpf[];
  notes?(target: Target, parameters: Output<F, S>): string[];
}

/** Times between stages, by both their numbers; of the whole way by {@link wholeWay}. */
const times = new Histogram("pair", { minimum: false });
const wholeWay = 1023;

const takesSamples: Taking = {
  passed: (from, to) => bpf`$pair = (${from}) << 5 | ${to};
    ${bucketOf(bpf`$ns`)}
    ${times.take(bpf`$ns`, bpf`$pair`)}`,
  completed: () => bpf`${bucketOf(bpf`$ns`)}
    ${times.take(bpf`$ns`, wholeWay)}`,
};

/** Makes a probe that follows packets past the stages of a host, with one row for each pair of neighbouring stages, and the books of all packets. */
export function definePairs<F extends Filters, S extends Shape>(
  definition: PairsDefinition<F, S>,
): Probe<Input<F, S>, "frame"> {
  type P = Output<F, S>;
  const { filters = {}, parameters, check, stages, upcall, timeoutMs, program, notes, ...facts } = definition;
  const made: ProbeDefinition<z.ZodType, "frame"> = {
    ...facts,
    kind: "stages",
    shape: "frame",
    parameters: schemaOf(parameters, filters, check),
    fields: () => [],
    columns: (): readonly Column[] => pairColumns,
    books: () => ({ hooks: hookNames(facts.hooks), countMap: null, mapKeys: facts.mapKeys }),
    endsAtOnce: true,
    write(given, site) {
      const nothing = () => bpf``;
      const filtered = asked(filters, given as { [name: string]: unknown });
      const base = writing(facts, site, given as P, filtered, { began: nothing, returned: nothing });
      const following = (ways: Ways) =>
        new Following(site, filtered.versions, stages.indexOf(upcall), ways, takesSamples);
      return joined([program({ ...base, following })].flat(), "\n");
    },
    conclude(maps, { parameters, ended }) {
      const samples = times.read(maps);
      const whole = samples.get(`${wholeWay}`);
      samples.delete(`${wholeWay}`);
      const timeoutNs = timeoutMs(parameters as P) * 1_000_000;
      return pairRows({ maps, stages, upcall: stages.indexOf(upcall), samples, whole, ended, timeoutNs });
    },
    ...(notes === undefined ? {} : { notes: (target: Target, given: unknown) => notes(target, given as P) }),
  };
  return makeProbe(made);
}
