export { fragmentedPackets } from "./fragments.js";
export { hopLimits } from "./hop-limits.js";
export { malformed } from "./malformed.js";
export { protocolStatistics } from "./protocols.js";
export { quality } from "./quality.js";
export { frameSizes } from "./sizes.js";
export { talkers } from "./talkers.js";
export { type TrafficOptions, traffic } from "./traffic.js";
