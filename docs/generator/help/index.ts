export { helpEntries, helpFile } from "./entries.js";
