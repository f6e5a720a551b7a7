export { type Arrow, coverageOf, levelArrows, slopingArrows } from "./arrows.js";
export { type Meeting, meetingOf } from "./both.js";
export { boundsOf, type End, endOf, type Shift, shiftOf } from "./clocks.js";
export { packetsHere, packetsOfBoth } from "./packets.js";
export { placed } from "./rows.js";
export { arrowTraces, labelNotes, rightAxisHolder, timeAxis } from "./traces.js";
