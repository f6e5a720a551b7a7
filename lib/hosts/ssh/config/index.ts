export { unsupported } from "./line.js";
export { readConfig } from "./read.js";
export type { Settings } from "./settings.js";
export { fromHome, pathOf, tokensOf } from "./tokens.js";
