export { entryBundle } from "./one.js";
export { foundBundle, overviewBundle } from "./several.js";
