export { dropCounts, dropPlaces, dropsBySecond } from "./by-second.js";
export { classifyDrops } from "./classify.js";
export { dropEvents } from "./events.js";
export { type DropKind, type DropRule, dropRules, whyOf } from "./rules.js";
export { dropSummary } from "./summary.js";
