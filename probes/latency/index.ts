export { LatencyReport, type LatencyReportOptions, latencyReport } from "./report.js";
