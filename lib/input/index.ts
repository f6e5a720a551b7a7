export { ask, askSecret } from "./ask.js";
