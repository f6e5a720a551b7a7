export { type FieldSet, resolveFields, unknownNote } from "./resolve.js";
