import { jupyterDisplay, type MimeBundle } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { type Column, createFrame, type Frame, type Provenance } from "../tables/index.js";
import type { Finding } from "./finding.js";
import { findingsHtml, findingsText } from "./render.js";
import type { Category } from "./rule.js";
import { type Health, healthOf } from "./severity.js";

/** A rule that was used, and what came of it. */
export interface Checked {
  id: string;
  title: string;
  category: Category;
  /** Rows that it looked through: 0 where there was nothing of its kind. */
  looked: number;
  finding: Finding | null;
}

const columns: Column[] = [
  { name: "severity", type: "VARCHAR", meaning: "CRITICAL, HIGH, MEDIUM, LOW or INFO" },
  { name: "id", type: "VARCHAR", meaning: "the rule's, for get(id)" },
  { name: "category", type: "VARCHAR", meaning: "capture, connectivity, reliability, performance, ..." },
  { name: "verdict", type: "VARCHAR", meaning: "what was found, from the worst row of evidence" },
  { name: "evidence", type: "BIGINT", unit: "rows", meaning: "rows of evidence" },
  {
    name: "doubts",
    type: "VARCHAR",
    meaning: "findings about the capture that may explain rows of it; null: none",
  },
  { name: "verify", type: "VARCHAR", meaning: "a call that shows it" },
];

const checkedColumns: Column[] = [
  { name: "id", type: "VARCHAR", meaning: "the rule's" },
  { name: "title", type: "VARCHAR", meaning: "what it looks for" },
  { name: "category", type: "VARCHAR", meaning: "capture, connectivity, reliability, performance, ..." },
  { name: "outcome", type: "VARCHAR", meaning: "found, doubtful, clean, or nothing of its kind" },
  { name: "looked_at", type: "BIGINT", unit: "rows", meaning: "rows of its analysis that it looked through" },
  { name: "evidence", type: "BIGINT", unit: "rows", meaning: "rows of those that met it" },
];

/** What a diagnosis found: those about the capture itself first, then the worst first; INFO comes last. */
export class Findings implements Iterable<Finding> {
  /**
   * One number for all of it: 100 less 30, 20, 10 or 5 for each CRITICAL, HIGH, MEDIUM or LOW finding, and at most 29, 49, 69 or 89 beside one. UNKNOWN
   * where nothing certain was found and something is in doubt, was lost, or wasn't there to look at.
   */
  readonly health: Health;
  /** The findings as rows. */
  readonly frame: Frame;
  /** Every rule that was used, one row each: whether it found something, and whether there was anything to look at. */
  readonly checked: Frame;

  constructor(
    private readonly found: readonly Finding[],
    checked: readonly Checked[],
    readonly provenance: Provenance,
  ) {
    const { lost, partial, truncated } = provenance;
    const missing = (lost !== "unknown" && lost > 0) || partial || truncated;
    this.health = healthOf(found, missing || checked.every(({ looked }) => looked === 0));
    this.frame = createFrame(
      columns,
      found.map(({ severity, id, category, verdict, count, doubts, verify }) => [
        severity,
        id,
        category,
        verdict,
        count,
        doubts.length === 0 ? null : doubts.join(", "),
        verify,
      ]),
      provenance,
    );
    this.checked = createFrame(
      checkedColumns,
      checked.map(({ id, title, category, looked, finding }) => [
        id,
        title,
        category,
        finding === null
          ? looked === 0
            ? "nothing of its kind"
            : "clean"
          : finding.certain
            ? "found"
            : "doubtful",
        looked,
        finding?.count ?? 0,
      ]),
      provenance,
    );
  }

  [Symbol.iterator](): Iterator<Finding> {
    return this.found[Symbol.iterator]();
  }

  /** Ids of what was found. */
  get ids(): string[] {
    return this.found.map(({ id }) => id);
  }

  /**
   * The finding of a rule.
   *
   * @throws SkbookError `NOT_FOUND` where the rule found nothing.
   */
  get(id: string): Finding {
    const finding = this.found.find((one) => one.id === id);
    if (finding !== undefined) return finding;
    throw new SkbookError({
      code: "NOT_FOUND",
      tried: `open the finding ${id}`,
      failed: "its rule found nothing here, or there is none of that name",
      todo:
        this.found.length === 0
          ? "nothing was found at all; see .checked"
          : `found were ${this.ids.join(", ")}`,
    });
  }

  [jupyterDisplay](): MimeBundle {
    return { "text/html": findingsHtml(this), "text/plain": findingsText(this) };
  }
}
