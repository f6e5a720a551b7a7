export { unsupported } from "./line.js";
export { readConfig } from "./read.js";
export type { Keyword, Settings } from "./settings.js";
export { pathOf, tokensOf } from "./tokens.js";
