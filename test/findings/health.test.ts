import { expect, test } from "vitest";
import { healthOf, type Severity, severities } from "../../lib/findings/severity.js";

const worstWord = { CRITICAL: 0, POOR: 1, FAIR: 2, GOOD: 3, EXCELLENT: 4 } as const;
const bound: Record<Severity, number> = { CRITICAL: 0, HIGH: 1, MEDIUM: 2, LOW: 3, INFO: 4 };

/** All lists of up to three findings, each certain or in doubt. */
function lists(length: number): { severity: Severity; certain: boolean }[][] {
  if (length === 0) return [[]];
  const shorter = lists(length - 1);
  const longest = shorter.filter((list) => list.length === length - 1);
  const one = severities.flatMap((severity) => [true, false].map((certain) => ({ severity, certain })));
  return [...shorter, ...longest.flatMap((list) => one.map((finding) => [...list, finding]))];
}

test("no health is better than the worst of its certain findings, and one that rests on doubts alone is unknown", () => {
  for (const found of lists(3)) {
    const { score, grade } = healthOf(found, false);
    const certain = found.filter((finding) => finding.certain);
    const isBad = certain.some(({ severity }) => severity !== "INFO");
    if (!isBad && certain.length < found.length) {
      expect({ score, grade }).toEqual({ score: null, grade: "UNKNOWN" });
      continue;
    }
    expect(grade).not.toBe("UNKNOWN");
    for (const { severity } of certain)
      expect(worstWord[grade as keyof typeof worstWord]).toBeLessThanOrEqual(bound[severity]);
    if (!isBad) expect({ score, grade }).toEqual({ score: 100, grade: "EXCELLENT" });
  }
});

test("where something may have been missed, what was found still counts, and nothing found proves nothing", () => {
  expect(healthOf([], true)).toEqual({ score: null, grade: "UNKNOWN" });
  expect(healthOf([{ severity: "HIGH", certain: true }], true)).toEqual({ score: 49, grade: "POOR" });
});
