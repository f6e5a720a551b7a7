export { canRun } from "./can-run.js";
export * from "./drop/index.js";
export * from "./path/index.js";
export * from "./report/index.js";
