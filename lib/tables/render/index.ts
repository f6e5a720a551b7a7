export { packedRows, renderTable } from "./render.js";
export type { Shown } from "./shown.js";
