export { CompileError } from "./compile-error.js";
export { type Declaration, declarationsOf } from "./declarations.js";
export { type Completeness, type Completion, type Language, openLanguage } from "./language.js";
