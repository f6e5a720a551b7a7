export { defineRows, type RowsDefinition, type RowsWriting } from "./define.js";
export type { MemoryColumns } from "./memory.js";
