export { echoSummary } from "./summary.js";
export { echoTrace } from "./trace.js";
