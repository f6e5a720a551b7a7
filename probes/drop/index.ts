export { dropsByPlace } from "./by-place.js";
export { classifyDrops } from "./classify.js";
export { dropEvents } from "./events.js";
export { byReason, bySite, bySwitch, lossyPlaces, unnamedAt } from "./places.js";
export { type DropKind, type DropRule, dropRules } from "./rules.js";
export { dropSummary } from "./summary.js";
