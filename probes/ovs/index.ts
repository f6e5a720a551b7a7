export { ovsActionEvents } from "./action-events.js";
export { ovsActionSummary } from "./action-summary.js";
export { upcallEvents } from "./upcall-events.js";
export { upcallSummary } from "./upcall-summary.js";
