export { type ListenSummaryOptions, listenSummary } from "./listen-summary.js";
export { openSocketSamples, type SocketFilesOptions } from "./open.js";
export { type SocketSamplesOptions, socketSamples } from "./samples.js";
