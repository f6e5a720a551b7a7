export type { FieldLayout, Layouts } from "./layout.js";
export { parseBtf } from "./layouts.js";
