export { irqSummary } from "./summary.js";
