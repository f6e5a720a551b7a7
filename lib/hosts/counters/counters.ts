import { type Column, completeProvenance, createTable, type Table } from "../../tables/index.js";
import type { Host } from "../host.js";
import { namespaceNames } from "../namespaces/index.js";
import type { Reading } from "../read-sections.js";
import { type Snapshot, timeOf } from "../sections.js";
import { understood } from "../understood.js";
import { changesOf, ordered } from "./changes.js";
import { readingOf } from "./reading.js";
import { countersScript, maxNics } from "./script.js";
import { type CounterOptions, deadlineSeconds, readTwice } from "./twice.js";

const columns: Column[] = [
  { name: "source", type: "VARCHAR", meaning: "link, qdisc, nic, protocol, conntrack, softnet, ovs" },
  { name: "netns", type: "VARCHAR", meaning: "network namespace; null: of the whole host" },
  {
    name: "subject",
    type: "VARCHAR",
    meaning: "device, queueing discipline, CPU or datapath; null: of the namespace",
  },
  { name: "counter", type: "VARCHAR", meaning: "as ip, tc, ethtool, /proc/net or ovs-appctl calls it" },
  {
    name: "unit",
    type: "VARCHAR",
    meaning: "packets, bytes or events; null: what a driver counts is its own",
  },
  { name: "loss", type: "BOOLEAN", meaning: "it counts packets that were dropped or damaged" },
  {
    name: "change",
    type: "UBIGINT",
    meaning: "how much was counted; null: unknown, for it came, went or began anew",
  },
  { name: "change_per_second", type: "DOUBLE", meaning: "change by the time between the readings" },
  { name: "before", type: "UBIGINT", meaning: "first reading; null: not there" },
  { name: "after", type: "UBIGINT", meaning: "second reading; null: not there" },
];

/**
 * Reads all that a host counts of its packets, waits, reads again, and says what changed: devices (`ip -s -s`), queueing disciplines
 * (`tc -s`), protocols (`/proc/net/snmp`, `netstat`, `snmp6`) and connection tracking of every network namespace; the backlog of each CPU
 * (`softnet_stat`), what the drivers of NICs call drops or errors (`ethtool -S`, in the host's own namespace), and the datapaths of
 * Open vSwitch. Two commands, as root where possible; nothing is changed.
 *
 * Columns: `source`, `netns`, `subject`, `counter`, `unit`, `loss`, `change`, `change_per_second`, `before`, `after`. First come losses, the most
 * frequent on top, then what else changed, then what is unknown, then what stood still.
 *
 * A counter of 32 bits (softnet, conntrack, packets and drops of disciplines) that passed its end once is counted on. One packet may be in
 * several counters: a drop of a qdisc is also in its device's. Rates are by times in hundredths of a second.
 *
 * @throws SkbookError `BAD_PARAMETER`, `DURING_FAILED`, `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`, and the host's own; in a replay
 *   `NOT_RECORDED`.
 * @example await hostCounters(host, { seconds: 10 })
 */
export async function hostCounters(host: Host, options: CounterOptions = {}): Promise<Table> {
  const [before, after] = await readTwice(host, "hostCounters", "counters", countersScript, options);
  return understood(host.name, "the counters", () => countersOf(host.name, before, after));
}

/** What two readings say; the same for live and replayed ones. */
export async function countersOf(host: string, before: Reading, after: Reading): Promise<Table> {
  const names = new Map([...namespaceNames(before.sections), ...namespaceNames(after.sections)]);
  const [first, last] = [before, after].map(({ sections }) =>
    readingOf(sections, namespaceNames(sections).keys()),
  ) as [Readings, Readings];
  const changes = changesOf(first, last);
  const writer = await createTable("counters", columns);
  writer.append(ordered(changes, (netns) => names.get(netns) ?? netns));
  const partial = before.partial || after.partial;
  return writer.finish(
    completeProvenance("hostCounters", {
      host,
      recordingId: after.recordingId,
      startedAt: timeOf(before.sections.began),
      endedAt: timeOf(after.sections.ended),
      partial,
      notes: notesOf(after.sections, last, partial),
      details: { before: before.recordingId },
    }),
  );
}

type Readings = ReturnType<typeof readingOf>;

function notesOf(sections: Snapshot, readings: Readings, partial: boolean): string[] {
  const missing = new Set((sections.missing ?? "").split("\n"));
  const unread = [...readings].filter(([netns, { at }]) => netns !== null && at === null).length;
  const notes: [boolean, string][] = [
    [partial, `the host had not said all of it within ${deadlineSeconds} s: the rest is missing`],
    [sections.uid !== "0", "asked without root: other network namespaces are missing"],
    [missing.has("nsenter"), "the host has no nsenter (util-linux): other network namespaces are missing"],
    [missing.has("ip"), "the host has no ip command (iproute2): of devices there is what /proc/net/dev has"],
    [missing.has("tc"), "the host has no tc command (iproute2): queueing disciplines are missing"],
    [missing.has("ethtool"), "the host has no ethtool: what drivers of NICs count is missing"],
    [
      Number(sections.nics ?? 0) > maxNics,
      `of ${sections.nics} NICs, what the drivers of ${maxNics} count is here`,
    ],
    [unread > 0, `${unread} of ${readings.size - 1} network namespaces could not be read`],
  ];
  return notes.flatMap(([holds, note]) => (holds ? [note] : []));
}
