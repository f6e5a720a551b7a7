export { openSocketSamples, type SocketFilesOptions } from "./open.js";
export { type SocketSamplesOptions, socketSamples } from "./samples.js";
export type { Shaping } from "./shaping.js";
