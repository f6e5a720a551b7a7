import type { Table, Value } from "../tables/index.js";
import type { Severity } from "./severity.js";

/** What kind of trouble a rule looks for. Those of `capture` come first: other verdicts may rest on them. */
export const categories = [
  "capture",
  "connectivity",
  "reliability",
  "performance",
  "configuration",
  "information",
] as const;
export type Category = (typeof categories)[number];

/** A number that decides, which the caller may set. */
export interface Threshold {
  value: number;
  unit: string;
  meaning: string;
}
export interface Thresholds {
  readonly [name: string]: Threshold;
}

/** The thresholds of a rule, as numbers. */
export type Limits<T extends Thresholds> = { readonly [Name in keyof T]: number };

/** A row of evidence, by column. */
export interface EvidenceRow {
  readonly [column: string]: Value;
}

/** What a diagnosis looks for in its subject (a capture, a host's drops), and what it says when it is there. */
export interface Rule<Subject, T extends Thresholds = Thresholds> {
  /** What is wrong, in a few words. */
  readonly title: string;
  readonly category: Category;
  readonly thresholds: T;
  /** The rows to look through, from an analysis. */
  of(subject: Subject, limits: Limits<T>): Promise<Table>;
  /** In SQL over a row: when it is how bad. The first that holds counts; a row for which none holds is no evidence. */
  grades(limits: Limits<T>): readonly (readonly [Severity, string])[];
  /** Columns that evidence shows. */
  readonly shows: readonly string[];
  /** The column that the rule measures; the worst row has most of it. */
  readonly measure: string;
  /** Doubts under which a row proves nothing, by the ids of the rules that find their cause. */
  readonly doubts: readonly string[];
  /** The verdict in a sentence, from the worst row. */
  says(worst: EvidenceRow): string;
  readonly causes: readonly string[];
  readonly advice: readonly string[];
  /** How to see for oneself: a call for a cell, about the worst row. */
  verify(worst: EvidenceRow): string;
}

/** Rules by their ids. */
export interface Rules<Subject> {
  readonly [id: string]: Rule<Subject>;
}

/** Only tells the compiler what a rule's thresholds are called. */
export function rule<Subject, const T extends Thresholds>(definition: Rule<Subject, T>): Rule<Subject, T> {
  return definition;
}

/** Thresholds that the caller sets, by rule and name. */
export type ThresholdsOf<R extends { readonly [id: string]: { readonly thresholds: Thresholds } }> = {
  [Id in keyof R]?: { [Name in keyof R[Id]["thresholds"]]?: number };
};
