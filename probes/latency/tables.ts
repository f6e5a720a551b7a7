import {
  type Column,
  createFrame,
  deriveTable,
  type Frame,
  type Table,
  type Value,
} from "../../lib/tables/index.js";
import { word } from "../columns.js";
import { wakeupEvents, wakeupSummary } from "../scheduler/index.js";
import { softirqSummary } from "../softirq/index.js";
import { tableOf } from "../table-of.js";
import { roleOf } from "./chosen.js";
import { type PacketWaits, waitColumns } from "./packets.js";
import type { LatencySubject } from "./rules.js";

/** What was seen of a host. */
export interface Seen {
  threads: Frame;
  softnet: Frame;
  steal: Frame;
  softirqs: Frame | null;
  /** Null where no thread was looked at. */
  wakeups: Frame | null;
  late: Table | null;
  /** Null where no packets were asked for. */
  waits: PacketWaits | null;
  /** Probes that failed: a note of each, and the code of its error. */
  missing: readonly { note: string; code: string }[];
}

/** What wake-ups are told apart by. */
export const wakeupsBy = ["command", "thread", "idle_state"] as const;
/** What softirqs are told apart by. */
export const softirqsBy = ["vector", "cpu", "ksoftirqd"] as const;

const role = word("role", "what the thread does for packets, by its name");
const share = (name: string, meaning: string): Column => ({ name, type: "DOUBLE", unit: "%", meaning });
const moment = (name: string, meaning: string): Column => ({
  name,
  type: "BIGINT",
  unit: "ns since 1970",
  meaning,
});

const lateness: readonly Column[] = [
  { name: "late", type: "BIGINT", meaning: "its wake-ups that took long" },
  moment("first_late_ns", "when the first of them was over, by the host's real-time clock; null: none"),
  moment("last_late_ns", "when the last of them was over"),
  word(
    "before",
    "who had the CPU at the end of the waits that took most of their time; null: nobody, or none was late",
  ),
  { name: "before_late", type: "BIGINT", meaning: "how often that was so" },
  share(
    "behind_percent",
    "of the time of those waits, at the end of which another thread had the CPU; null: none was late",
  ),
];
/** How often each of these was late, and who had the CPU. */
const lateSql = (keys: string) => `
  SELECT ${keys}, sum(n)::BIGINT AS late, min(first) AS first_late_ns, max(last) AS last_late_ns,
    arg_max(before, waited) FILTER (before IS NOT NULL) AS before, arg_max(n, waited) FILTER (before IS NOT NULL) AS before_late,
    100 * coalesce(sum(waited) FILTER (before IS NOT NULL), 0) / sum(waited) AS behind_percent
  FROM (
    SELECT ${keys}, CASE WHEN before_thread <> 0 THEN before END AS before, count(*) AS n, sum(whole_ns) AS waited, min(time_ns) AS first, max(time_ns) AS last
    FROM late GROUP BY ALL ORDER BY ALL)
  GROUP BY ${keys}`;

/** What rules look through, of what was seen. */
export async function subjectOf(
  seen: Seen,
  waits: Table | null,
  chosen: readonly number[],
  notes: readonly string[],
): Promise<LatencySubject & { late: Table }> {
  const { provenance } = seen.threads;
  const empty = (columns: readonly Column[]) => createFrame([...columns], [], { ...provenance, lost: 0 });
  const late =
    seen.late ??
    (await tableOf("late", empty(wakeupEvents.definition.columns({ slowerThanUs: 0, maxEvents: 1 }))));
  const wakeups = seen.wakeups ?? empty(wakeupSummary.definition.columns({ by: wakeupsBy }));
  const softirqs = seen.softirqs ?? empty(softirqSummary.definition.columns({ by: softirqsBy }));
  const sources = {
    late,
    roles: await rolesOf(seen.threads, chosen),
    threads: await tableOf("threads", seen.threads),
    wakeups: await tableOf("wakeups", wakeups),
    softirqs: await tableOf("softirqs", softirqs),
    softnet: await tableOf("softnet", seen.softnet),
    steal: await tableOf("steal", seen.steal),
  };
  const from = (frame: Frame) => ({ ...frame.provenance, source: "latencyReport" });
  const views = { lates: lateSql("thread"), latesByState: lateSql("thread, idle_state") };
  const said = lateness.map(({ name }) => (name === "late" ? "coalesce(late, 0) AS late" : name)).join(", ");
  const kept = (frame: Frame, names: readonly string[]) =>
    frame.schema.filter(({ name }) => names.includes(name));
  const without = (frame: Frame, names: readonly string[]) =>
    frame.schema.filter(({ name }) => !names.includes(name));
  const elapsedNs = elapsedOf(softirqs);
  const busy = share("busy_percent", "total_ns of the time that was measured; null: that is not known");
  return {
    late,
    waits: waits ?? (await tableOf("waits", empty(waitColumns))),
    threads: await deriveTable("threads", {
      sources,
      views,
      query: `SELECT role, threads.*, ${said}
        FROM threads JOIN roles USING (thread) LEFT JOIN lates USING (thread) ORDER BY wait_ns DESC, thread`,
      columns: [role, ...seen.threads.schema, ...lateness],
      provenance: { ...from(seen.threads), notes: [...provenance.notes, ...notes] },
    }),
    wakeups: await deriveTable("wakeups", {
      sources,
      views,
      query: `SELECT coalesce(role, 'was asked for') AS role, wakeups.*, ${said}
        FROM wakeups LEFT JOIN roles USING (thread)
          LEFT JOIN latesByState ON latesByState.thread = wakeups.thread AND latesByState.idle_state IS NOT DISTINCT FROM wakeups.idle_state
        WHERE interval = 'whole'
        ORDER BY p99_low_ns DESC, wakeups.thread, wakeups.idle_state`,
      columns: [role, ...without(wakeups, ["interval"]), ...lateness],
      provenance: from(wakeups),
    }),
    softirqs: await deriveTable("softirqs", {
      sources,
      query: `SELECT *, ${elapsedNs === null ? "NULL" : `100 * total_ns / ${elapsedNs}`} AS busy_percent FROM softirqs ORDER BY ALL`,
      columns: [...softirqs.schema, busy],
      provenance: from(softirqs),
    }),
    cpus: await deriveTable("cpus", {
      sources,
      query: `SELECT steal.*, processed_per_second,
          CASE WHEN processed > 0 THEN time_squeeze * processed_per_second / processed WHEN processed = 0 THEN 0 END AS time_squeeze_per_second
        FROM steal LEFT JOIN softnet USING (cpu) WHERE cpu IS NOT NULL ORDER BY cpu`,
      columns: [
        ...seen.steal.schema,
        ...kept(seen.softnet, ["processed_per_second"]),
        {
          name: "time_squeeze_per_second",
          type: "DOUBLE",
          meaning: "times that it left packets for later, since it had too many; null: not known",
        },
      ],
      provenance: from(seen.steal),
    }),
  };
}

/** How long a probe measured; null where the host's clocks could not be read. */
function elapsedOf({ provenance: { startedAt, endedAt } }: Frame): number | null {
  if (startedAt === null || endedAt === null) return null;
  const ns = (Date.parse(endedAt) - Date.parse(startedAt)) * 1e6;
  return ns > 0 ? ns : null;
}

function rolesOf(threads: Frame, chosen: readonly number[]): Promise<Table> {
  const [thread, command] = ["thread", "command"].map((name) => threads.columns.indexOf(name)) as [
    number,
    number,
  ];
  const wanted = new Set(chosen);
  const rows = (threads.values as Value[][])
    .filter((row) => wanted.has(Number(row[thread])))
    .map((row): Value[] => [Number(row[thread]), roleOf(String(row[command])) ?? "was asked for"]);
  const columns: Column[] = [{ name: "thread", type: "BIGINT", meaning: "number of the thread" }, role];
  return tableOf("roles", createFrame(columns, rows, threads.provenance));
}
