export { place } from "./place.js";
export { portsOf } from "./rows.js";
export { drawn } from "./traces.js";
