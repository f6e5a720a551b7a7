export { TransferReport, type TransferReportOptions, transferReport } from "./report.js";
