import { z } from "zod";
import {
  attachTo,
  bpftrace,
  countCall,
  type DecodeContext,
  defineProbe,
  emitRow,
  type Fragment,
  joined,
  type Probe,
  rowWord,
} from "../../lib/probes/index.js";
import { unixNanoseconds, type Value } from "../../lib/tables/index.js";
import { protocolName } from "../packet/protocols.js";
import { protocolColumn, resultColumn, stepColumn, userColumns, versionColumn } from "./columns.js";
import { expireStep, fragmentSteps, freeStep, insertStep, resultName, userName } from "./names.js";
import {
  type FragmentFilterParameters,
  fragmentFilters,
  freeHook,
  insertHooks,
  insertReturn,
  kill,
  queue,
  queueClauses,
} from "./program.js";

const Parameters = z.strictObject({
  ...fragmentFilters,
  maxEvents: z.int().min(1).max(10_000_000).default(10_000),
});

/** What {@link defragEvents} can be asked, beside what every probe can. */
export interface DefragEventsParameters extends FragmentFilterParameters {
  /** Rows at most, 1 to 10,000,000; what the kernel goes on counting beyond is said. Default 10,000. */
  maxEvents?: number | undefined;
}

/**
 * Shows what becomes of IP fragments on a host, one row for each that comes to its queue, for each queue that is given up, and for each refused fragment where
 * it is freed. Every row costs some microseconds: look at {@link defragSummary} first.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `maxEvents` (default 10,000: rows at most); filters that all have to match: `src`, `dst` (address or prefix, IPv4 or
 * IPv6), `ip` (either).
 *
 * Columns: `time_ns` (Unix time by the host's clock), `step` (`insert`, `expire`, `free`), `result` (`OK`, `DUPLICATE`, `OVERLAP`; `EXPIRED`; `FREED`), `ip_version`, `user` (who puts them together)
 * and its `zone`, `src`, `dst`, `id` (identification of the datagram), `protocol` (null of IPv6), `offset_bytes` and `end_bytes` (place of the fragment's data), `received_bytes` (data in the queue
 * besides), `device`, `site` (kernel function that freed it), `cpu`. null is unknown or absent. An insertion whose return the kernel missed has no row, and counts as lost. A `free` belongs to the refused `insert` before it with the same `id`.
 *
 * Errors: as for every probe, see {@link defineProbe}.
 *
 * @example await defragEvents(host, { seconds: 10, dst: "198.51.100.0/24" })
 */
export const defragEvents: Probe<DefragEventsParameters, "table"> = defineProbe({
  name: "defragEvents",
  shape: "table",
  revision: 1,
  measures: "IP fragments that are put together, one row for each step",
  parameters: Parameters,
  hooks: { ...insertHooks, optional: [...(insertHooks.optional ?? []), freeHook] },
  summary: "defragSummary",
  columns: [
    {
      name: "time_ns",
      type: "BIGINT",
      unit: unixNanoseconds,
      meaning: "when, by the host's real-time clock",
    },
    stepColumn,
    resultColumn,
    versionColumn,
    ...userColumns,
    { name: "src", type: "VARCHAR", meaning: "source address" },
    { name: "dst", type: "VARCHAR", meaning: "destination address" },
    { name: "id", type: "BIGINT", meaning: "identification of the datagram (RFC 791, RFC 8200)" },
    protocolColumn,
    { name: "offset_bytes", type: "INTEGER", unit: "bytes", meaning: "where the fragment's data begins" },
    { name: "end_bytes", type: "INTEGER", unit: "bytes", meaning: "where it ends" },
    {
      name: "received_bytes",
      type: "INTEGER",
      unit: "bytes",
      meaning: "data that the queue holds besides it",
    },
    { name: "device", type: "VARCHAR", meaning: "network interface the fragment was on; null of expire" },
    { name: "site", type: "VARCHAR", meaning: "kernel function that freed it; null but of free" },
    { name: "cpu", type: "INTEGER", meaning: "CPU that did it" },
  ],
  program({ maxEvents, ...filters }, target) {
    const row = (step: number, version: 4 | 6, fields: Fields) => rowOf(step, version, fields, maxEvents);
    const frees = target.hooks.has(freeHook);
    const refuse = frees
      ? bpftrace`if ((int32)retval != 0) { @refused[(uint64)$kept] = (uint64)$q; }`
      : bpftrace``;
    const calls = countCall(insertReturn);
    const queues = queueClauses(filters, target, {
      onEntry: calls.entered,
      inserted: (version) =>
        bpftrace`${calls.returned} ${refuse} ${row(insertStep, version, {
          result: "(int32)retval",
          offset: "$offset",
          end: "$end",
          device: "$dev->name",
        })}`,
      expired: (version) => row(expireStep, version, {}),
    });
    if (!frees) return queues;
    const freed = (version: 4 | 6) =>
      row(freeStep, version, { device: "$skb->dev->name", site: "ksym(args->location)" });
    return joined(
      [
        queues,
        bpftrace`${attachTo(target, freeHook)} { $kept = (uint64)args->skbaddr; $of = @refused[$kept]; if ($of != 0) {
  delete(@refused[$kept]); $skb = (struct sk_buff *)args->skbaddr; $q = (struct inet_frag_queue *)$of;
  if (args->protocol == 0x0800) { ${freed(4)} } else { ${freed(6)} } } }`,
      ],
      "\n",
    );
  },
  decode(record, context) {
    return record.type === "line" && record.word === rowWord ? [valuesOf(record.fields, context)] : [];
  },
});

/** What a row of a step comes from. */
const hookOf = new Map([
  [insertStep, insertReturn],
  [expireStep, kill],
  [freeStep, freeHook],
]);

/** Program text of what only some steps have; -1 or nothing where one hasn't. */
interface Fields {
  result?: string;
  offset?: string;
  end?: string;
  device?: string;
  site?: string;
}

function rowOf(step: number, version: 4 | 6, fields: Fields, maxEvents: number): Fragment {
  const { result = "0", offset = "-1", end = "-1", device = '""', site = '""' } = fields;
  const { user, src, dst, id, protocol } = queue[version];
  return emitRow(
    `%llu\\t${step}\\t%d\\t${version}\\t%d\\t%s\\t%s\\t%u\\t%d\\t%d\\t%d\\t%d\\t%d\\t%s\\t%s`,
    ["nsecs", result, user, src, dst, id, protocol, offset, end, "$q->meat", "cpu", device, site],
    maxEvents,
    hookOf.get(step),
  );
}

function valuesOf(fields: readonly string[], { unixTime }: DecodeContext<unknown>): Value[] {
  const [time, step, result, version, user, src, dst, id, protocol, offset, end, meat, cpu, device, site] =
    fields as [string, ...string[]] & Record<number, string>;
  const isPlaced = Number(step) === insertStep;
  return [
    unixTime(time),
    fragmentSteps[Number(step)] as string,
    resultName(Number(step), Number(result)),
    Number(version),
    ...userName(Number(user), Number(version)),
    src || null,
    dst || null,
    identification(Number(id), version === "4" ? 2 : 4),
    protocol === "0" ? null : protocolName(Number(protocol)),
    isPlaced ? Number(offset) : null,
    isPlaced ? Number(end) : null,
    Number(meat),
    device || null,
    site || null,
    Number(cpu),
  ];
}

/** It stands in network order, which a little-endian machine reads swapped. */
function identification(read: number, bytes: 2 | 4): number {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(read >>> 0);
  return bytes === 2 ? buffer.readUInt16BE() : buffer.readUInt32BE();
}
