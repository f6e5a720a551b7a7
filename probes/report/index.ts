export { DropReport, type DropReportOptions, dropReport } from "./report.js";
