import { z } from "zod";
import { packetFilters } from "../../lib/probes/index.js";
import { type Column, combined, deriveTable, type Frame, type Table } from "../../lib/tables/index.js";
import { word } from "../columns.js";
import type { BacklogSummaryParameters, StageSummaryParameters } from "../parameters.js";
import { stageSummary } from "../stages/index.js";
import { tableOf } from "../table-of.js";

type Filters = Omit<BacklogSummaryParameters, "by" | "device">;

/** Packets that {@link latencyReport} follows: where they come in and go out, and which they are. Without `from` and `to`, they are looked for in queues, backlogs and upcalls alone. */
export type LatePackets = Filters & Partial<Pick<StageSummaryParameters, "from" | "to">>;

/** What was seen of the packets that were asked for; null where nothing looked. */
export interface PacketWaits {
  stages: Frame | null;
  queues: Frame | null;
  backlogs: Frame | null;
  upcalls: Frame | null;
}

const { device: _, ...filters } = packetFilters;

/** The schema of {@link LatePackets}: filters that all of its probes take, and both ends or none. */
export const latePackets = z
  .strictObject({
    from: z.unknown().optional(),
    to: z.unknown().optional(),
    ...Object.fromEntries(Object.entries(filters).map(([name, { schema }]) => [name, schema.optional()])),
  })
  .superRefine((given, context) => {
    if (given.from === undefined && given.to === undefined) return;
    const { error } = stageSummary.definition.parameters.safeParse(given);
    for (const { path, message } of error?.issues ?? [])
      context.addIssue({ code: "custom", path: [...path], message });
  });

const places: readonly Column[] = [
  word("wait", "stage, queue, backlog or upcall"),
  word("place", "between which stages, in whose queue, on whose CPU"),
  word("device", "network interface; null: of a stage"),
  { name: "cpu", type: "INTEGER", meaning: "CPU that received them; null: of what is not in a backlog" },
  word("packets", "which ones were asked for, as JSON"),
];

const stageColumns = stageSummary.definition.columns({ from: "stack", to: "stack", timeoutMs: 1 });
/** Count, sum and bounds, as all of them have. */
const times = stageColumns.slice(
  stageColumns.findIndex(({ name }) => name === "count"),
  stageColumns.findIndex(({ name }) => name === "max_high_ns") + 1,
);
export const waitColumns: readonly Column[] = [...places, ...times];

interface Source {
  name: string;
  frame: Frame | null;
  /** What it is, in the column `wait`; the others are SQL. */
  wait: string;
  place: string;
  device: string;
  cpu: string;
  when: string;
}

/** One row for each place where packets waited, the longest first. */
export async function waitsOf(seen: PacketWaits | null, packets: LatePackets): Promise<Table | null> {
  if (seen === null) return null;
  const { stages, queues, backlogs, upcalls } = seen;
  const all: readonly Source[] = [
    {
      ...{ name: "stages", frame: stages, wait: "stage", place: "pair", device: "NULL", cpu: "NULL" },
      when: "from_stage IS NOT NULL AND to_stage IS NOT NULL",
    },
    {
      ...{ name: "queues", frame: queues, wait: "queue", device: "device", cpu: "NULL" },
      place: "concat(device, ', queue ', queue, ', ', qdisc)",
      when: "interval = 'queued'",
    },
    {
      ...{ name: "backlogs", frame: backlogs, wait: "backlog", device: "device", cpu: "cpu" },
      place: "concat(device, ', CPU ', cpu, CASE WHEN ksoftirqd THEN ', in ksoftirqd' ELSE '' END)",
      when: "interval = 'received'",
    },
    {
      ...{ name: "upcalls", frame: upcalls, wait: "upcall", device: "device", cpu: "NULL" },
      place: "concat_ws(', ', device, reason)",
      when: "interval = 'answered'",
    },
  ];
  const there = all.flatMap(({ frame, ...source }) => (frame === null ? [] : [{ ...source, frame }]));
  const some = there[0]?.frame;
  if (some === undefined) return null;
  const names = times.map(({ name }) => name).join(", ");
  const sources = await Promise.all(
    there.map(async ({ name, frame }) => [name, await tableOf(name, frame)] as const),
  );
  const provenance = combined(Object.fromEntries(there.map(({ name, frame }) => [name, frame.provenance])));
  const which = JSON.stringify(packets).replaceAll("'", "''");
  const select = ({ name, wait, place, device, cpu, when }: Omit<Source, "frame">) =>
    `SELECT '${wait}' AS wait, ${place} AS place, ${device}::VARCHAR AS device, ${cpu}::INTEGER AS cpu, '${which}' AS packets, ${names} FROM ${name} WHERE ${when}`;
  return deriveTable("waits", {
    sources: Object.fromEntries(sources),
    query: `SELECT * FROM (${there.map(select).join(" UNION ALL ")}) ORDER BY p99_low_ns DESC NULLS LAST, wait, place`,
    columns: [...waitColumns],
    provenance: { ...provenance, source: "latencyReport" },
  });
}
