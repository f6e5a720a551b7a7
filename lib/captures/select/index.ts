export { packetsOf } from "./packets-of.js";
export { saveCapture } from "./save.js";
