import { rules } from "../../../lib/analyses/findings/findings.js";
import { socketRules } from "../../../lib/analyses/sockets/rules/index.js";
import type { Rules } from "../../../lib/findings/index.js";
import type { Entry } from "../../../lib/help/entry.js";
import { latencyReportRules } from "../../../probes/latency/rules.js";
import { dropReportRules } from "../../../probes/report/rules.js";

/** What the diagnoses look for: of a capture, of a host's drops and its latency, of sampled sockets. One entry each rule. */
export function findingEntries(): Entry[] {
  return [
    ...entriesOf(
      rules as unknown as Rules<never>,
      "findings",
      (id) =>
        `import { findings, openCapture } from "skbook";\n\nconst cap = await openCapture("capture.pcap");\nawait findings(cap, { only: ["${id}"] })`,
    ),
    ...entriesOf(
      dropReportRules as unknown as Rules<never>,
      "dropReport",
      () =>
        `import { dropReport, localhost } from "skbook";\n\n(await dropReport(localhost(), { seconds: 10 })).findings`,
    ),
    ...entriesOf(
      latencyReportRules as unknown as Rules<never>,
      "latencyReport",
      () =>
        `import { latencyReport, localhost } from "skbook";\n\n(await latencyReport(localhost(), { seconds: 10 })).findings`,
    ),
    ...entriesOf(
      socketRules as unknown as Rules<never>,
      "socketSummary",
      () =>
        `import { localhost, socketSamples, socketSummary } from "skbook";\n\n(await socketSummary(await socketSamples(localhost(), { seconds: 10 }))).findings`,
    ),
  ];
}

function entriesOf(all: Rules<never>, by: string, call: (id: string) => string): Entry[] {
  return Object.entries(all).map(([id, { title, causes, advice, thresholds }]) => {
    const list = (head: string, items: readonly string[]) =>
      items.length === 0 ? [] : [[head, ...items.map((item) => `- ${item}`)].join("\n")];
    const text = [
      `${title.charAt(0).toUpperCase()}${title.slice(1)}.`,
      ...list("Likely causes:", causes),
      ...list("What to do:", advice),
    ];
    return {
      name: id,
      kind: "finding",
      from: "skbook",
      page: `Found by ${by}()`,
      text: text.join("\n\n"),
      parameters: Object.entries(thresholds).map(([name, { value, unit, meaning }]) => ({
        name: `thresholds.${id}.${name}`,
        takes: unit,
        default: String(value),
        meaning,
      })),
      columns: [],
      call: call(id),
    };
  });
}
