/** How bad a finding is, the worst first. INFO is worth knowing and no fault. */
export const severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"] as const;
export type Severity = (typeof severities)[number];

/** How much a finding takes off a health of 100. */
const cost: Record<Severity, number> = { CRITICAL: 30, HIGH: 20, MEDIUM: 10, LOW: 5, INFO: 0 };

const grades = [
  [90, "EXCELLENT"],
  [70, "GOOD"],
  [50, "FAIR"],
  [30, "POOR"],
] as const;

/** One number for a whole diagnosis: 100 without findings, less by each one's severity; and what it is called. */
export interface Health {
  score: number;
  grade: "EXCELLENT" | "GOOD" | "FAIR" | "POOR" | "CRITICAL";
}

export function healthOf(found: readonly Severity[]): Health {
  const score = Math.max(
    0,
    found.reduce((left, severity) => left - cost[severity], 100),
  );
  return { score, grade: grades.find(([least]) => score >= least)?.[1] ?? "CRITICAL" };
}
