export { stageSummary } from "./summary.js";
export { stageTrace } from "./trace.js";
