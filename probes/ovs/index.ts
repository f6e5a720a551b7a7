export { upcallEvents } from "./upcall-events.js";
export { upcallSummary } from "./upcall-summary.js";
