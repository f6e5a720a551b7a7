export { socketBuffers } from "./buffers.js";
export type { BandwidthOptions, SocketFilter } from "./options.js";
export { SocketPipeline, type SocketPipelineOptions, socketPipeline } from "./pipeline.js";
export { socketRates } from "./rates.js";
export { socketRetransmissions } from "./retransmissions.js";
export type { Limit as SocketLimit } from "./steps.js";
export { type SocketRule, SocketSummary, type SocketSummaryOptions, socketSummary } from "./summary.js";
export { socketWindows } from "./windows.js";
