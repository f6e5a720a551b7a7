export { type Arrow, levelArrows, slopingArrows } from "./arrows.js";
export { type Meeting, meetingOf } from "./both.js";
export { boundsOf, type End, endOf, type Shift, shiftOf } from "./clocks.js";
export { coverageOf, cutWarnings } from "./coverage.js";
export { packetsHere, packetsOfBoth } from "./packets.js";
export { placed } from "./rows.js";
export { arrowTraces, labelNotes, rightAxisHolder, timeAxis } from "./traces.js";
