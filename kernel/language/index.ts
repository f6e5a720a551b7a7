export type { Watch } from "./executor.js";
export { type Language, openLanguage } from "./language.js";
