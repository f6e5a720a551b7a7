export { type Side, sentBy, sideOf } from "./direction.js";
export { resentMarks, stevensMarks, tcptraceMarks } from "./kinds.js";
export { frameData, frameHover, markTraces, seenSql, type View } from "./marks.js";
export { allowance, dataBars, dataPoints, edgeName, sackBars } from "./sequences.js";
export { shownAtFirst } from "./window.js";
