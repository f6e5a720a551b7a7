export { durationOf } from "./duration.js";
export { heatTrace, maxBins } from "./heat.js";
export { type Curve, quantilesOf, told } from "./quantiles.js";
export { durationAxis, type Scale, scaleOf } from "./scale.js";
export { latencyScatter } from "./scatter.js";
export { groupSql, type Timed, timedOf } from "./source.js";
