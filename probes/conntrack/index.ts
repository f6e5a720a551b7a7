export { type ConntrackEventsParameters, conntrackEvents } from "./events.js";
export { conntrackSummary } from "./summary.js";
