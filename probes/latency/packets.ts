import { z } from "zod";
import { SkbookError } from "../../lib/errors/index.js";
import type { Host } from "../../lib/hosts/index.js";
import { badParameters } from "../../lib/parameters/index.js";
import { type Column, combined, deriveTable, type Frame, type Table } from "../../lib/tables/index.js";
import { backlogSummary } from "../backlog/index.js";
import { upcallSummary } from "../ovs/index.js";
import type { BacklogSummaryParameters, StageSummaryParameters } from "../parameters.js";
import { qdiscLatencySummary } from "../qdisc/index.js";
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
  /** What could not look, and why. */
  notes: string[];
}

/** Refuses what is wrong before anything is attached. */
export function checkPackets(given: unknown): LatePackets {
  const { data, error } = z.record(z.string(), z.unknown()).safeParse(given);
  if (data === undefined) throw badParameters("latencyReport", error);
  const schema = "from" in data || "to" in data ? stageSummary : backlogSummary;
  const checked = schema.definition.parameters.safeParse(data);
  if (!checked.success) throw badParameters("latencyReport", checked.error);
  return data as LatePackets;
}

/** Codes of errors that say that a host lacks what a probe needs. */
const lacks = ["HOOK_MISSING", "USERSPACE_DATAPATH", "BTF_MISSING", "FIELD_MISSING"];

/** A step of looking, within which the next ones are done. */
export type Step = (next: () => Promise<void>) => Promise<void>;

/** The steps that look where packets wait. What a host lacks for one of them is a note. */
export function packetSteps(
  host: Host,
  packets: LatePackets,
  common: { seconds: number; attachSeconds?: number },
  seen: PacketWaits,
): Step[] {
  const { from, to, ...filters } = packets;
  const unlessLacking =
    (what: string, run: (during: () => Promise<void>) => Promise<void>): Step =>
    async (next) => {
      let begun = false;
      try {
        await run(() => {
          begun = true;
          return next();
        });
      } catch (error) {
        if (begun || !(error instanceof SkbookError) || !lacks.includes(error.code)) throw error;
        seen.notes.push(`${what} were not looked at: ${error.failed}`);
        await next();
      }
    };
  const outs = to === undefined || to === "stack" ? [] : [to].flat();
  const device = outs.length === 1 ? { device: outs[0] as string } : {};
  return [
    ...(from === undefined || to === undefined
      ? []
      : [
          unlessLacking("stages", async (during) => {
            seen.stages = await stageSummary(host, { ...common, ...filters, from, to, during });
          }),
        ]),
    unlessLacking("queues", async (during) => {
      const by = ["device" as const, "queue" as const, "qdisc" as const];
      seen.queues = await qdiscLatencySummary(host, { ...common, ...filters, ...device, by, during });
    }),
    unlessLacking("backlogs", async (during) => {
      const by = ["device" as const, "cpu" as const, "ksoftirqd" as const];
      seen.backlogs = await backlogSummary(host, { ...common, ...filters, by, during });
    }),
    unlessLacking("upcalls", async (during) => {
      const by = ["device" as const, "reason" as const, "error" as const];
      seen.upcalls = await upcallSummary(host, { ...common, ...filters, by, during });
    }),
  ];
}

const word = (name: string, meaning: string): Column => ({ name, type: "VARCHAR", meaning });
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

interface Part {
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
  const parts: readonly Part[] = [
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
  const there = parts.flatMap(({ frame, ...part }) => (frame === null ? [] : [{ ...part, frame }]));
  const some = there[0]?.frame;
  if (some === undefined) return null;
  const names = times.map(({ name }) => name).join(", ");
  const sources = await Promise.all(
    there.map(async ({ name, frame }) => [name, await tableOf(name, frame)] as const),
  );
  const provenance = combined(Object.fromEntries(there.map(({ name, frame }) => [name, frame.provenance])));
  const which = JSON.stringify(packets).replaceAll("'", "''");
  const select = ({ name, wait, place, device, cpu, when }: Omit<Part, "frame">) =>
    `SELECT '${wait}' AS wait, ${place} AS place, ${device}::VARCHAR AS device, ${cpu}::INTEGER AS cpu, '${which}' AS packets, ${names} FROM ${name} WHERE ${when}`;
  return deriveTable("waits", {
    sources: Object.fromEntries(sources),
    query: `SELECT * FROM (${there.map(select).join(" UNION ALL ")}) ORDER BY p99_low_ns DESC NULLS LAST, wait, place`,
    columns: [...waitColumns],
    provenance: { ...provenance, source: "latencyReport", notes: [...provenance.notes, ...seen.notes] },
  });
}
