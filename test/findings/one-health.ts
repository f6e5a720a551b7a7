import { expect } from "vitest";
import { jupyterDisplay } from "../../lib/cell/index.js";
import type { Findings } from "../../lib/index.js";

/** The best word that may stand beside a finding of each severity. */
const allowed: Record<string, string[]> = {
  CRITICAL: ["CRITICAL"],
  HIGH: ["POOR", "CRITICAL"],
  MEDIUM: ["FAIR", "POOR", "CRITICAL"],
  LOW: ["GOOD", "FAIR", "POOR", "CRITICAL"],
};

/** Expects what a diagnosis says of health to agree with what it lists, in both of the forms that it is shown in. */
export function expectOneHealth(found: Findings): void {
  const bundle = found[jupyterDisplay]();
  const { grade, score } = found.health;
  const said = score === null ? "health UNKNOWN" : `health ${score} of 100, ${grade}`;
  expect(bundle["text/plain"]).toContain(said);
  expect(bundle["text/html"]).toContain(said);
  expectShownHealth(String(bundle["text/html"]));
}

/** The same of findings as they stand in a page. */
export function expectShownHealth(html: string): void {
  const word = /health (?:(?:\d+) of 100, )?([A-Z]+)/.exec(html)?.[1] ?? "";
  const badges = [
    ...html.matchAll(/<summary><b style="background:#\w+[^>]*>([A-Z]+)<\/b> (<i>doubtful<\/i>)?/g),
  ];
  const certain = badges.filter(([, , doubtful]) => doubtful === undefined);
  for (const [, severity = ""] of certain)
    if (severity in allowed) expect(allowed[severity], html.slice(0, 400)).toContain(word);
  const bad = certain.some(([, severity = ""]) => severity in allowed);
  if (!bad && certain.length < badges.length) expect(word).toBe("UNKNOWN");
  if (badges.length === 0) expect(["EXCELLENT", "UNKNOWN"]).toContain(word);
}
