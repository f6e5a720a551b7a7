/** How bad a finding is, the worst first. INFO is worth knowing and no fault. */
export const severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"] as const;
export type Severity = (typeof severities)[number];

/** How much a finding takes off a health of 100. */
const cost: Record<Severity, number> = { CRITICAL: 30, HIGH: 20, MEDIUM: 10, LOW: 5, INFO: 0 };

/** The best health that goes with a finding: nobody believes an excellent one beside it. */
const best: Record<Severity, number> = { CRITICAL: 29, HIGH: 49, MEDIUM: 69, LOW: 89, INFO: 100 };

const grades = [
  [90, "EXCELLENT"],
  [70, "GOOD"],
  [50, "FAIR"],
  [30, "POOR"],
] as const;

/**
 * One number for a whole diagnosis: 100 without findings, less by each one's severity, and never better than the worst of them allows; and what it
 * is called. UNKNOWN, without a number, where nothing is certain: all that was found is in doubt, nothing was there to look at, or some of it was lost.
 */
export interface Health {
  score: number | null;
  grade: "EXCELLENT" | "GOOD" | "FAIR" | "POOR" | "CRITICAL" | "UNKNOWN";
}

/**
 * @param found severities of what was found.
 * @param unsure whether what wasn't found may be there all the same.
 */
export function healthOf(
  found: readonly { severity: Severity; certain: boolean }[],
  unsure: boolean,
): Health {
  const certain = found.filter((finding) => finding.certain).map(({ severity }) => severity);
  const doubtful = unsure || certain.length < found.length;
  if (doubtful && certain.every((severity) => cost[severity] === 0)) return { score: null, grade: "UNKNOWN" };
  const left = certain.reduce((rest, severity) => rest - cost[severity], 100);
  const score = Math.max(0, Math.min(left, ...certain.map((severity) => best[severity])));
  return { score, grade: grades.find(([least]) => score >= least)?.[1] ?? "CRITICAL" };
}
