export { pageOf } from "./page.js";
