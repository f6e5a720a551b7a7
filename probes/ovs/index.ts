export { ovsActionEvents } from "./action-events.js";
export { switchActionName, switchActions } from "./action-names.js";
export { ovsActionSummary } from "./action-summary.js";
export { flowInstalls } from "./flow-installs.js";
export { flowUpcalls } from "./flow-upcalls.js";
export { upcallEvents } from "./upcall-events.js";
export { upcallSummary } from "./upcall-summary.js";
