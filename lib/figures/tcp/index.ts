export { type Side, sentBy, sideOf } from "./direction.js";
export { stevensMarks, tcptraceMarks, windowMarks } from "./kinds.js";
export { flyingSql, limitFacts, limitsOf } from "./limits.js";
export { frameData, frameHover, markTraces, seenSql, type View } from "./marks.js";
export { allowance, dataBars, dataPoints, edgeName, sackBars } from "./sequences.js";
export { shownAtFirst } from "./shown.js";
