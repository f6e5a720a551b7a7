import pLimit from "p-limit";
import {
  type Column,
  createFrame,
  deriveFrame,
  type Frame,
  type Table,
  type Value,
} from "../tables/index.js";
import { type Choice, checkChoice, limitsOf } from "./check.js";
import { type Finding, rowOf } from "./finding.js";
import { type Checked, Findings } from "./findings.js";
import { makeFinding } from "./make-finding.js";
import { categories, type Rule, type Rules } from "./rule.js";
import { type Severity, severities } from "./severity.js";

/** Rows of evidence that a finding keeps; it counts all of them. */
const keptRows = 1000;
/** Queries run four at a time, in libuv's threads. Most rules wait for an analysis that others wait for, too: no core is to be idle meanwhile. */
const rulesAtOnce = 16;

/** What is diagnosed. */
export interface Diagnosis<Subject> {
  /** Names it in errors and provenance: `findings`. */
  name: string;
  subject: Subject;
  rules: Rules<Subject>;
  choice: Choice<string>;
  /** Doubts (`doubt`) about flows (`flow`), or about everything where that is null. */
  doubts(): Promise<Table>;
}

/** Looks through a subject for what its rules describe. */
export async function evaluate<Subject>(diagnosis: Diagnosis<Subject>): Promise<Findings> {
  const { name, rules, choice } = diagnosis;
  checkChoice(name, rules as Rules<never>, choice);
  const doubts = diagnosis.doubts();
  // Awaited once a rule has its rows; where one fails before, nobody hears of the doubts.
  doubts.catch(() => {});
  const ids = Object.keys(rules).filter((id) => choice.only?.includes(id) ?? true);
  const atOnce = pLimit(rulesAtOnce);
  const checked = await Promise.all(
    ids.map((id) => atOnce(() => look(diagnosis, doubts, id, rules[id] as Rule<Subject>))),
  ).finally(() => atOnce.clearQueue());
  const found = checked.map(({ finding }) => finding).filter((finding) => finding !== null);
  const order = ({ category, severity }: Finding) => [
    severity === "INFO" ? 1 : 0,
    category === "capture" ? 0 : 1,
    severities.indexOf(severity),
    categories.indexOf(category),
  ];
  found.sort((a, b) => {
    const [left, right] = [order(a), order(b)];
    return left.map((value, at) => value - (right[at] as number)).find((difference) => difference !== 0) ?? 0;
  });
  return new Findings(found, checked, { ...(await doubts).provenance, source: name, recordingId: null });
}

async function look<Subject>(
  { name, subject, choice }: Diagnosis<Subject>,
  doubted: Promise<Table>,
  id: string,
  rule: Rule<Subject>,
): Promise<Checked> {
  const limits = limitsOf(rule.thresholds, choice.thresholds[id]);
  const rows = await rule.of(subject, limits);
  const doubts = await doubted;
  const checked = { id, title: rule.title, category: rule.category };
  const over = { sources: { rows, doubts }, provenance: rows.provenance };
  const severityOf = gradeSql(rule, limits);
  // Most rules find nothing: what ranks their evidence isn't planned for those.
  const counted = await deriveFrame({
    ...over,
    query: `SELECT count(*) AS looked, count(${severityOf}) AS total FROM rows`,
    columns: counts,
  });
  const { looked, total } = rowOf(counted, 0);
  if (Number(total) === 0) return { ...checked, looked: Number(looked), finding: null };
  const shown = columnsShown(rule, rows);
  const query = evidenceSql(rule, severityOf, rows.columns.includes("flow"));
  const answer = await deriveFrame({ ...over, query, columns: shown });
  const { doubt, severity, ...worst } = rowOf(answer, 0);
  const evidence = createFrame(shown, answer.values as Value[][], {
    ...rows.provenance,
    source: `${name}: ${id}`,
    truncated: rows.provenance.truncated || Number(total) > keptRows,
    details: { ...rows.provenance.details, rule: id, rows: Number(total) },
  });
  const certain = doubt === null;
  const finding = makeFinding({
    ...checked,
    severity: certain ? (severity as Severity) : "INFO",
    certain,
    doubts: doubtsOf(evidence),
    verdict: rule.says(worst),
    count: Number(total),
    value: worst[rule.measure] ?? null,
    unit: shown.find((column) => column.name === rule.measure)?.unit ?? null,
    thresholds: Object.fromEntries(
      Object.entries(rule.thresholds).map(([key, threshold]) => [
        key,
        { ...threshold, value: limits[key] as number },
      ]),
    ),
    causes: rule.causes,
    advice: rule.advice,
    verify: rule.verify(worst),
    evidence,
  });
  return { ...checked, looked: Number(looked), finding };
}

/** What is counted of a rule before its evidence is looked for. */
const counts: Column[] = [
  { name: "looked", type: "BIGINT", meaning: "rows that were looked through" },
  { name: "total", type: "BIGINT", meaning: "rows of evidence" },
];

/** In SQL: how bad a row is; null where it is no evidence. */
function gradeSql<Subject>(rule: Rule<Subject>, limits: Record<string, number>): string {
  return `CASE ${rule
    .grades(limits)
    .map(([severity, when]) => `WHEN ${when} THEN '${severity}'`)
    .join(" ")} END`;
}

/** The evidence, the worst first. */
function evidenceSql<Subject>(rule: Rule<Subject>, severityOf: string, ofFlows: boolean): string {
  const known = `doubt IN (${rule.doubts.map((doubt) => `'${doubt}'`).join(", ") || "NULL"})`;
  const own = ofFlows
    ? `(SELECT string_agg(doubt, ', ' ORDER BY doubt) FROM casting WHERE casting.flow = graded.flow)`
    : "NULL";
  return `
    WITH casting AS (SELECT DISTINCT flow, doubt FROM doubts WHERE ${known}),
    everywhere AS (SELECT string_agg(doubt, ', ' ORDER BY doubt) AS doubt FROM casting WHERE flow IS NULL),
    graded AS (SELECT *, row_number() OVER () AS place, ${severityOf} AS severity FROM rows),
    evidence AS (
      SELECT *, nullif(concat_ws(', ', (SELECT doubt FROM everywhere), ${own}), '') AS doubt FROM graded WHERE severity IS NOT NULL)
    FROM evidence
    ORDER BY doubt IS NOT NULL, list_position([${severities.map((severity) => `'${severity}'`).join(", ")}], severity),
      "${rule.measure}" DESC NULLS LAST, place LIMIT ${keptRows}`;
}

function doubtsOf(evidence: Frame): string[] {
  const at = evidence.schema.findIndex(({ name }) => name === "doubt");
  const all = (evidence.values as Value[][]).flatMap((row) => String(row[at] ?? "").split(", "));
  return [...new Set(all)].filter((doubt) => doubt !== "").sort();
}

/** Severity, what the rule shows, and doubt. */
function columnsShown<Subject>(rule: Rule<Subject>, rows: Table): Column[] {
  const known = new Map(rows.schema.map((column) => [column.name, column]));
  return [
    { name: "severity", type: "VARCHAR", meaning: "how bad the row is by itself" },
    ...rule.shows.map((name) => known.get(name) as Column),
    {
      name: "doubt",
      type: "VARCHAR",
      meaning: "findings about the capture that may explain the row; null: none",
    },
  ];
}
