export { type Base, baseOf, isBaseFile, openBase, writeBase } from "./base.js";
export { content } from "./content.js";
