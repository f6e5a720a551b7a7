export type { PacketFilterParameters } from "../packet/filters.js";
export { classifyDrops } from "./classify.js";
export { type DropEventsParameters, dropEvents } from "./events.js";
export type { DropFilterParameters } from "./filters.js";
export type { DropKey } from "./keys.js";
export { type DropKind, type DropRule, dropRules } from "./rules.js";
export { type DropSummaryParameters, dropSummary } from "./summary.js";
