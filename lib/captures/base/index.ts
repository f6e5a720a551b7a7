export { type Base, baseOf, isBaseFile, openBase, writeBase } from "./base.js";
export { stepNs } from "./clock.js";
export { content } from "./content.js";
export { clientPorts } from "./conversations.js";
export { untimedSql } from "./untimed.js";
