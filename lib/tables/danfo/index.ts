export { loadDanfo } from "./library.js";
export { columnsOf, danfoType } from "./types.js";
