import type { Json } from "../../cases/index.js";
import { escapeHtml, visible } from "../../html/index.js";
import { type Provenance, warningsOf } from "../provenance.js";
import { commandOf, programIn } from "./program.js";

/** Where rows come from, for a reader: notes at once, the rest on a click. No script, and nothing that a sanitizer takes away. */
export function provenanceHtml(provenance: Provenance): string {
  const { source, host, notes } = provenance;
  const where = host === null ? "" : ` on ${host}`;
  const summary = [`${source}${where}`, ...brief(provenance)].join(" · ");
  return [
    ...notes.map((note) => `<p>${text(note)}</p>`),
    `<details class="provenance"><summary>${text(summary)}</summary>`,
    `<table>${facts(provenance)
      .map(([name, value]) => `<tr><th${left}>${name}</th><td${left}>${value}</td></tr>`)
      .join("")}</table>`,
    ...listing(provenance),
    rest(provenance),
    "</details>",
  ].join("\n");
}

/** Front ends right-align what is in tables. */
const left = ' class="text" style="text-align:left;vertical-align:top"';

/** What stands in the line that opens the rest. */
function brief(provenance: Provenance): string[] {
  const took = phasesOf(provenance)?.measureMs;
  return [
    ...(took === undefined ? [] : [`measured ${seconds(took)}`]),
    ...(provenance.lost === 0 ? ["0 lost"] : warningsOf(provenance).slice(0, 1)),
  ];
}

/** The facts that a reader asks for first, as words; HTML. */
function facts(provenance: Provenance): [string, string][] {
  const { recordingId, startedAt, endedAt, host, source, details } = provenance;
  const { attached, wanted, detached, selfCost } = details;
  const missing = listOf(wanted).filter((hook) => !listOf(attached).includes(hook));
  const all: [string, string | undefined][] = [
    ["what ran", text(`${source}${host === null ? "" : `, on ${host}`}`)],
    [
      "when",
      startedAt === null ? undefined : text(`${startedAt}${endedAt === null ? "" : ` to ${endedAt}`}`),
    ],
    ["took", took(provenance)],
    ["lost", lost(provenance)],
    ["attached to", names(listOf(attached))],
    ["not attached", names(missing)],
    ["cost", costOf(selfCost)],
    [
      "gone from the host",
      typeof detached === "string" ? text(goneWords.get(detached) ?? detached) : undefined,
    ],
    ["recording", recordingId === null ? undefined : text(recordingId)],
  ];
  return all.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

const goneWords = new Map(
  Object.entries({
    proved: "yes: its process group was seen to be gone",
    alive: "no: it still runs there, see the note",
    unknown: "not proved, see the note",
  }),
);

function lost(provenance: Provenance): string {
  const { matched, suppressed } = provenance.details;
  const of =
    typeof matched === "number" ? ` of ${matched.toLocaleString("en-US")} that the kernel counted` : "";
  const unprinted =
    typeof suppressed === "number" && suppressed > 0 ? [`${suppressed} of them not printed`] : [];
  const cut = warningsOf({ ...provenance, lost: 0 });
  return text([`${provenance.lost.toLocaleString("en-US")}${of}`, ...unprinted, ...cut].join("; "));
}

interface Phases {
  attachMs: number;
  measureMs: number;
  detachMs: number;
}

function phasesOf({ details }: Provenance): Phases | undefined {
  const { phases } = details;
  return typeof phases === "object" && phases !== null && "measureMs" in phases
    ? (phases as unknown as Phases)
    : undefined;
}

/** How long it really took, which is more than it measured. */
function took(provenance: Provenance): string | undefined {
  const { durationMs } = provenance.details;
  const whole = typeof durationMs === "number" ? seconds(durationMs) : undefined;
  const phases = phasesOf(provenance);
  if (phases === undefined) return whole;
  const { attachMs, measureMs, detachMs } = phases;
  const parts = `attaching ${seconds(attachMs)}, measuring ${seconds(measureMs)}, detaching ${seconds(detachMs)}`;
  return whole === undefined ? parts : `${whole} in all: ${parts}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 100 ? 2 : 1)} s`;
}

function costOf(cost: Json | undefined): string | undefined {
  if (typeof cost !== "object" || cost === null || Array.isArray(cost)) return undefined;
  const { runs, nsPerRun, programShareOfOneCpu: program, processShareOfOneCpu: process } = cost;
  const percent = (share: Json | undefined) =>
    typeof share === "number" ? `${(100 * share).toPrecision(2)} %` : "unknown";
  return text(
    `${percent(program)} of one CPU in the kernel${typeof runs === "number" ? ` (${runs.toLocaleString("en-US")} runs${typeof nsPerRun === "number" ? ` of ${nsPerRun} ns` : ""})` : ""}, ${percent(process)} in its process`,
  );
}

/** Programs and queries as they were written. */
function listing({ details }: Provenance): string[] {
  const command = commandOf(details.command);
  const parts: [string, string | undefined][] = [
    ["command", command],
    ["program", programIn(details.command)],
    ["SQL", typeof details.sql === "string" ? details.sql : undefined],
    ["it said", typeof details.stderr === "string" && details.stderr !== "" ? details.stderr : undefined],
  ];
  return parts.flatMap(([name, code]) =>
    code === undefined
      ? []
      : [
          `<p>${name}</p><pre style="text-align:left;white-space:pre-wrap;overflow-wrap:anywhere">${code.split("\n").map(text).join("\n")}</pre>`,
        ],
  );
}

/** What the facts and the listing have said. */
const told = [
  ...["command", "sql", "stderr", "attached", "wanted", "detached", "selfCost"],
  ...["matched", "suppressed", "durationMs", "phases"],
];

/** Everything else, as it is. */
function rest({ details }: Provenance): string {
  const others = Object.entries(details).filter(([name]) => !told.includes(name));
  if (others.length === 0) return "";
  const rows = others.map(([name, value]) => {
    const said = typeof value === "string" ? value : JSON.stringify(value);
    return `<tr><th${left}>${text(name)}</th><td${left}>${text(said)}</td></tr>`;
  });
  return `<details><summary>everything else</summary><table>${rows.join("")}</table></details>`;
}

function names(all: readonly string[]): string | undefined {
  return all.length === 0 ? undefined : all.map((name) => `<code>${text(name)}</code>`).join(", ");
}

function listOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function text(value: string): string {
  return escapeHtml(visible(value));
}
