export type { PathParameters } from "./parameters.js";
export { pathSummary } from "./summary.js";
