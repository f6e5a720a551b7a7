export { CompilerProcess } from "./client.js";
export { CompileError } from "./compile-error.js";
export { injected } from "./injected.js";
export type { NameKind, ReadyCell } from "./messages.js";
export type { Completeness, Completion, Inspection } from "./questions.js";
export { findSnapshot, makeSnapshot, snapshot, snapshotPath } from "./snapshot.js";
export { isBare, isOwn } from "./specifier.js";
