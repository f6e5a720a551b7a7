export { softirqSummary } from "./summary.js";
