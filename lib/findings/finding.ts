import type { jupyterDisplay, MimeBundle } from "../cell/index.js";
import type { Frame, Value } from "../tables/index.js";
import type { Category, EvidenceRow, Threshold } from "./rule.js";
import type { Severity } from "./severity.js";

/** A rule's verdict, with what it rests on. */
export interface Finding {
  /** The rule's: stable, what programs match on. */
  readonly id: string;
  /** What the rule looks for. */
  readonly title: string;
  readonly category: Category;
  /** Of the worst row of evidence. */
  readonly severity: Severity;
  /** false: every row of evidence may be the capture's own doing. It is then INFO, whatever the rows say. */
  readonly certain: boolean;
  /** Ids of the findings that cast doubt on rows of the evidence; empty where there are none. */
  readonly doubts: readonly string[];
  /** What was found, in a sentence, from the worst row. */
  readonly verdict: string;
  /** Rows of evidence there are: connections, questions, packets. */
  readonly count: number;
  /** What the rule measures, in the worst row. */
  readonly value: Value;
  readonly unit: string | null;
  /** What it was held against, by name. */
  readonly thresholds: { readonly [name: string]: Threshold };
  readonly causes: readonly string[];
  readonly advice: readonly string[];
  /** A call for a cell that shows it; `cap` stands for the capture. */
  readonly verify: string;
  /** The rows it rests on, the worst first: at most 1,000, those without doubt before the others. */
  readonly evidence: Frame;
  [jupyterDisplay](): MimeBundle;
}

/** A row of a Frame by column. */
export function rowOf(frame: Frame, index: number): EvidenceRow {
  const values = (frame.values as Value[][])[index] ?? [];
  return Object.fromEntries(frame.schema.map(({ name }, at) => [name, values[at] ?? null]));
}
