import "./answer.js";

export { type Kept, keep } from "./kept.js";
