export { stageSummary } from "./summary.js";
