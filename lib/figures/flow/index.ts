export { packetKinds } from "./kinds.js";
export { bothWays, lanesOf, laneText } from "./lanes.js";
export { dropMarks, lanesInUse, packetMarks } from "./marks.js";
export { dropCrosses, dropLines, packetTraces } from "./traces.js";
