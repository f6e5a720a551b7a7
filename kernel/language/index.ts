export type { Completion, Inspection } from "./answers.js";
export { CompileError } from "./compile-error.js";
export { type Declaration, declarationsOf } from "./declarations.js";
export type { Watch } from "./executor.js";
export { type Language, openLanguage } from "./language.js";
export type { Completeness } from "./questions.js";
