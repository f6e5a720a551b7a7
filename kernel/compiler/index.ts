export type { Completion, Inspection } from "./answers.js";
export { type Catalogue, columnsOf, type Importable, type KnownColumn } from "./catalogue.js";
export { CompilerProcess } from "./client.js";
export { CompileError } from "./compile-error.js";
export { injected } from "./injected.js";
export type { NameKind, ReadyCell, Variables } from "./messages.js";
export type { Completeness } from "./questions.js";
export { findSnapshot, makeSnapshot, snapshot, snapshotPath } from "./snapshot.js";
export { isBare, isOwn } from "./specifier.js";
