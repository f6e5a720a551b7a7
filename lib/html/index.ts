export { escapeHtml } from "./escape.js";
export { printable, printed, visible, xmlText } from "./visible.js";
