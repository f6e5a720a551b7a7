export type { Entry, HelpColumn } from "./entry.js";
export { entryOf, Help, help } from "./help.js";
export { entryBundle } from "./render/index.js";
