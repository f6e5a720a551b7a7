export { type FieldLayout, type Layouts, parseBtf } from "./layouts.js";
