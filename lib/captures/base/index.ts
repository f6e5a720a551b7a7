export { type Base, baseOf, isBaseFile, openBase, writeBase } from "./base.js";
