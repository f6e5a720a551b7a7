export { conntrackEvents } from "./events.js";
export { conntrackSummary } from "./summary.js";
