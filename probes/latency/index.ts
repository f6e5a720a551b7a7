export type { LatePackets } from "./packets.js";
export { LatencyReport, type LatencyReportOptions, latencyReport } from "./report.js";
