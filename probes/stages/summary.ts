import { definePairs, forgetSides, type Probe } from "../../lib/probes/index.js";
import type { StageSummaryParameters } from "../parameters.js";
import { stageClauses } from "./clauses.js";
import { checkStages, stageFilters, stageParameters } from "./parameters.js";
import { stageHooks, stageNames } from "./stages.js";

export const stageSummary: Probe<StageSummaryParameters, "frame"> = definePairs({
  name: "stageSummary",
  revision: 1,
  measures: "how long packets take from stage to stage inside a host, as distributions that the kernel keeps",
  hooks: stageHooks,
  filters: stageFilters,
  parameters: stageParameters,
  check: checkStages,
  stages: stageNames,
  upcall: "upcall",
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  mapKeys: 16_384,
  eachTick: forgetSides,
  program: (writing) => stageClauses(writing, writing.following),
});
