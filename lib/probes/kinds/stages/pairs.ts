import { z } from "zod";
import type { Column } from "../../../tables/index.js";
import { countOne } from "../../engine/counters.js";
import { makeProbe, type Probe } from "../../engine/define.js";
import type { ProbeDefinition, ProbeFacts } from "../../engine/definition.js";
import { asked, type Filters } from "../../filter.js";
import { hookNames } from "../../hooks.js";
import type { Target } from "../../target.js";
import { type Bpf, bpf, joined } from "../../text/bpf.js";
import { bucketOf, Histogram } from "../histogram/index.js";
import { type Input, type Output, type Shape, schemaOf } from "../parameters.js";
import { type Writing, writing } from "../writing.js";
import { flowColumns, flowNumbers, flowsOf, maxFlows } from "./flows.js";
import { Following, numberOf, type Taking, type Ways } from "./following.js";
import { pairBits, pairColumns, pairRows, wholeWay } from "./pair-rows.js";

/** What the program of a probe of pairs of stages is written with. */
export interface PairsWriting<Parameters> extends Writing<Parameters> {
  following(ways: Ways): Following;
}

/** A probe that follows packets from stage to stage of one host, by the memory that they stand in; with `by: ["flow"]` it has rows of each flow, too. */
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

/** Times between stages, by both their numbers; that of the flow in front, where packets have one. */
const times = new Histogram("pair", { extremes: false });

/** What is done with times. */
function takesSamples(byFlow: boolean): Taking {
  if (!byFlow) return takesTimes((pair) => times.take(ns, pair));
  const flow = numberOf(flowNumbers);
  return {
    ...takesTimes(
      (pair) => bpf`${countOne("matched", 0)} ${times.take(ns, bpf`(${flow} << ${pairBits} | ${pair})`)}`,
    ),
    numbers: flowNumbers,
  };
}

const ns = bpf`$ns`;

function takesTimes(take: (pair: Bpf) => Bpf): Taking {
  return {
    passed: (from, to) => bpf`$pair = (${from}) << 5 | ${to};
    ${bucketOf(ns)}
    ${take(bpf`$pair`)}`,
    completed: () => bpf`$pair = ${wholeWay}; ${bucketOf(ns)}
    ${take(bpf`$pair`)}`,
  };
}

/** Rows of each flow, too. */
const by = z
  .array(z.enum(["flow"]))
  .length(1)
  .optional()
  .describe(
    `what has rows of its own beside those of all packets: ["flow"], by addresses, ports and protocol as they come in, of the first ${maxFlows} flows that are seen; default nothing`,
  );

const isByFlow = (given: unknown) => (given as { by?: z.output<typeof by> }).by !== undefined;

/** Makes a probe that follows packets past the stages of a host, with one row for each pair of neighbouring stages, and the books of all packets. */
export function definePairs<F extends Filters, S extends Shape>(
  definition: PairsDefinition<F, S>,
): Probe<Input<F, S> & { by?: "flow"[] | undefined }, "frame"> {
  type P = Output<F, S>;
  const { filters = {}, parameters, check, stages, upcall, timeoutMs, program, notes, ...facts } = definition;
  const made: ProbeDefinition<z.ZodType, "frame"> = {
    ...facts,
    kind: "stages",
    shape: "frame",
    parameters: schemaOf({ ...parameters, by }, filters, check),
    fields: () => [],
    columns: (given): readonly Column[] => (isByFlow(given) ? [...flowColumns, ...pairColumns] : pairColumns),
    books: (given) => ({
      hooks: hookNames(facts.hooks),
      mapKeys: facts.mapKeys,
      // By flow, times may find no room.
      ...(isByFlow(given) ? { countMap: times.countMap, matched: true } : { countMap: null }),
    }),
    endsAtOnce: true,
    write(given, site) {
      const nothing = () => bpf``;
      const filtered = asked(filters, given as { [name: string]: unknown });
      const base = writing(facts, site, given as P, filtered, { began: nothing, returned: nothing });
      const following = (ways: Ways) =>
        new Following(site, filtered.versions, stages.indexOf(upcall), ways, takesSamples(isByFlow(given)));
      return joined([program({ ...base, following })].flat(), "\n");
    },
    conclude(maps, context) {
      const { parameters, ended } = context;
      const timeoutNs = timeoutMs(parameters as P) * 1_000_000;
      const flows = isByFlow(parameters) ? flowsOf(maps, context) : null;
      const samples = times.read(maps);
      return pairRows({ maps, stages, upcall: stages.indexOf(upcall), samples, flows, ended, timeoutNs });
    },
    ...(notes === undefined ? {} : { notes: (target: Target, given: unknown) => notes(target, given as P) }),
  };
  return makeProbe(made);
}
