export { markdown } from "./markdown.js";
export { pageOf } from "./page.js";
