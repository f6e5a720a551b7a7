import { escapeHtml } from "../html/index.js";
import { type Frame, type Provenance, renderTable, type Value, warningsOf } from "../tables/index.js";
import type { Finding } from "./finding.js";
import type { Health } from "./severity.js";

/** What a diagnosis shows: its findings, and what it looked through. */
interface Diagnosis extends Iterable<Finding> {
  readonly health: Health;
  readonly checked: Frame;
  readonly provenance: Provenance;
}

/** Rows of evidence that a finding in a list opens with. */
const worstRows = 5;

/** White text on these is readable, and each says how bad before the word is read. */
const colors = { CRITICAL: "#8c1d18", HIGH: "#b3261e", MEDIUM: "#8a5300", LOW: "#3b5b8c", INFO: "#5f6368" };

export function findingHtml(finding: Finding): string {
  return `<div class="skbook-finding">${head(finding)}${body(finding)}${evidenceOf(finding)["text/html"]}</div>`;
}

export function findingText(finding: Finding): string {
  const { causes, advice, verify } = finding;
  return [
    line(finding),
    ...causes.map((cause) => `  may be: ${cause}`),
    ...advice.map((step) => `  do: ${step}`),
    `  see: ${verify}`,
    String(evidenceOf(finding)["text/plain"]),
  ].join("\n");
}

export function findingsHtml(found: Diagnosis): string {
  const warnings = warningsOf(found.provenance);
  const loss = warnings.length === 0 ? "" : ` · ${escapeHtml(warnings.join(" · "))}`;
  const entries = [...found].map(
    (finding) =>
      `<details class="skbook-finding"><summary>${head(finding)}</summary>${worstOf(finding)}${body(finding)}</details>`,
  );
  return `<div class="skbook-findings"><p><b>${summary(found)}</b>${loss}</p>${entries.join("\n")}</div>`;
}

export function findingsText(found: Diagnosis): string {
  const warnings = warningsOf(found.provenance);
  return [[summary(found), ...warnings].join(" · "), ...[...found].map(line)].join("\n");
}

/** What was used, what it found, and what there was nothing of its kind for. */
function summary({ health, checked }: Diagnosis): string {
  const at = checked.schema.findIndex(({ name }) => name === "outcome");
  const outcomes = (checked.values as Value[][]).map((row) => row[at]);
  const count = (outcome: string) => outcomes.filter((one) => one === outcome).length;
  return [
    health.score === null ? `health ${health.grade}` : `health ${health.score} of 100, ${health.grade}`,
    `${outcomes.length} rules: ${count("found")} found something, ${count("doubtful")} doubtful, ${count("clean")} clean, ${count("nothing of its kind")} with nothing of their kind to look at`,
  ].join(" · ");
}

function line(finding: Finding): string {
  const { severity, id, verdict, count, certain, doubts } = finding;
  const unsure =
    doubts.length === 0 ? "" : ` (${certain ? "other rows " : ""}in doubt by ${doubts.join(", ")})`;
  return `${severity.padEnd(8)} ${id}: ${verdict}${count > 1 ? ` [1 of ${count.toLocaleString("en-US")}]` : ""}${unsure}`;
}

function head({ severity, id, verdict, count, certain }: Finding): string {
  const badge = `<b style="background:${colors[severity]};color:#fff;border-radius:3px;padding:1px 6px">${severity}</b>`;
  const more = count > 1 ? ` <small>the worst of ${count.toLocaleString("en-US")}</small>` : "";
  return `${badge} ${certain ? "" : "<i>doubtful</i> "}${escapeHtml(verdict)} <small>${id}</small>${more}`;
}

function body(finding: Finding): string {
  const { causes, advice, verify, certain, doubts, thresholds } = finding;
  const list = (title: string, items: readonly string[]) =>
    items.length === 0
      ? ""
      : `<p>${title}</p><ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
  const held = Object.entries(thresholds).map(
    ([name, { value, unit, meaning }]) => `${name} ${value} ${unit}: ${meaning}`,
  );
  return [
    list(`${certain ? "Some rows" : "All rows"} may be the capture's own doing, see`, doubts),
    list("Likely causes", causes),
    list("What to do", advice),
    list("Thresholds", held),
    `<p>See for yourself: <code>${escapeHtml(verify)}</code></p>`,
  ].join("");
}

/** The first rows of the evidence, on a click; `get(id)` shows all of it. */
function worstOf({ id, evidence, count }: Finding): string {
  const rows = (evidence.values as Value[][]).slice(0, worstRows);
  const { "text/html": table } = renderTable({ columns: evidence.schema, rows, total: count });
  return [
    `<details open><summary>Evidence: ${rows.length < count ? `the worst ${rows.length} of ` : ""}${count.toLocaleString("en-US")} ${count === 1 ? "row" : "rows"}</summary>`,
    `${table}${rows.length < count ? `<p>All of it: <code>found.get(&quot;${escapeHtml(id)}&quot;).evidence</code></p>` : ""}</details>`,
  ].join("");
}

function evidenceOf({ evidence, count }: Finding) {
  const rows = evidence.values as Value[][];
  return renderTable({ columns: evidence.schema, rows, total: count, provenance: evidence.provenance });
}
