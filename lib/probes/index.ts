export { makeProbe, type Probe } from "./engine/define.js";
export type { DecodeContext, EndContext, ProbeDefinition, ProbeFacts } from "./engine/definition.js";
export { ProbeError } from "./engine/error.js";
export { becomesReady, isMeasuring, isUnready } from "./engine/lifecycle.js";
export { Listing, type ListingFacts } from "./engine/listing.js";
export type { CommonParameters } from "./engine/parameters.js";
export { checkProbe } from "./engine/preflight.js";
export {
  type Field,
  type FieldDefinition,
  field,
  fields,
  type Maps,
  numbers,
  type ReadContext,
} from "./field.js";
export { type Filter, type FilterInput, type Filters, filter } from "./filter.js";
export type { Hook, Hooks } from "./hooks.js";
export { type CallOptions, callHooks, isWithin, readThread } from "./kinds/calls.js";
export {
  type ChoiceDefinition,
  type CountsDefinition,
  type CountsWriting,
  defineCounts,
} from "./kinds/counts.js";
export {
  bucketOf,
  type ChoiceHistogramDefinition,
  defineHistogram,
  Histogram,
  type HistogramDefinition,
  type HistogramWriting,
  percentileBounds,
  type Samples,
  sampleColumns,
  sampleValues,
} from "./kinds/histogram/index.js";
export type { HookAt } from "./kinds/hook-at.js";
export { defineRows, type MemoryColumns, type RowsDefinition, type RowsWriting } from "./kinds/rows/index.js";
export {
  type ComesAgain,
  definePairs,
  defineStages,
  Following,
  type Numbers,
  numberOf,
  type PairsDefinition,
  type PairsWriting,
  type StagesDefinition,
  type StagesWriting,
  type Taking,
  type Ways,
} from "./kinds/stages/index.js";
export type { PacketOptions, Writing } from "./kinds/writing.js";
export type { OfProcess } from "./library.js";
export { absentNotes } from "./packet/absent.js";
export { errorName } from "./packet/errno.js";
export { deviceField, flowField, lengthField, packetFields, protocolField } from "./packet/fields.js";
export { addressFilters, isNotOf, packetFilters, port, prefix } from "./packet/filters.js";
export { headerFields } from "./packet/headers.js";
export { whenMerged } from "./packet/merged.js";
export { etherTypeName, protocolName } from "./packet/protocols.js";
export {
  forgetSides,
  neitherSide,
  ownNetns,
  readDevices,
  readSide,
  type Sides,
  unknownDevice,
} from "./packet/sides.js";
export { packet } from "./packet/values.js";
export {
  command,
  type HookSite,
  kernelStack,
  readAt,
  type Site,
  symbolOf,
  textAt,
  userStack,
} from "./site.js";
export { stackDepth, stackField, stackOf } from "./stack.js";
export { datapathTypes, type Target } from "./target.js";
export { type Bpf, type BpfValue, bpf, joined } from "./text/bpf.js";
export { BpfMap } from "./text/maps.js";
export { beforeNul, beginsWith, isNamed, type NameWords, nameOf, readName } from "./text/names.js";
export { constant, signed32, swapped16, swapped32 } from "./text/numbers.js";
export { type AddressWords, addressOf, inPrefix, ipVersion, isAddress, isPrefix } from "./text/prefix.js";
export type { Tracepoint } from "./tracepoint.js";
