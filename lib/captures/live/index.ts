export { type CaptureOptions, capture } from "./capture.js";
