export { capture } from "./capture.js";
export type { CaptureOptions } from "./options.js";
