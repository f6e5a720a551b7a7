export { escapeHtml } from "./escape.js";
export { visible } from "./visible.js";
