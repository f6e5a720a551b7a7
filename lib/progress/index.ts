export type { Standing } from "./bar.js";
export { watched } from "./watched.js";
