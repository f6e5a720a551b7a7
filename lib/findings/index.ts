export { type Choice, checkChoice } from "./check.js";
export { evaluate } from "./evaluate.js";
export type { Finding } from "./finding.js";
export { Findings } from "./findings.js";
export {
  type Category,
  type EvidenceRow,
  type Rules,
  rule,
  type Threshold,
  type ThresholdsOf,
} from "./rule.js";
export type { Health, Severity } from "./severity.js";
