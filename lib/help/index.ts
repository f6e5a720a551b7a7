export type { Entry, HelpColumn } from "./entry.js";
export { allEntries, entryOf, Help, help } from "./help.js";
export { entryBundle } from "./render/index.js";
