export { type CaptureRule, type FindingsOptions, findings } from "./findings.js";
