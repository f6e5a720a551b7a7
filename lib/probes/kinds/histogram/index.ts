export { boundsColumns, samplesBounds } from "./bounds.js";
export {
  type ChoiceHistogramDefinition,
  defineHistogram,
  type HistogramDefinition,
  type HistogramWriting,
} from "./define.js";
export {
  boundsOf,
  bucketOf,
  Histogram,
  percentileBounds,
  type Samples,
  sampleColumns,
  samplesOf,
  sampleValues,
} from "./samples.js";
