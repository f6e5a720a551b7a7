import {
  addressOf,
  BpfMap,
  bpf,
  defineRows,
  field,
  fields,
  type HookAt,
  nameOf,
  numbers,
  type Probe,
  packet,
  symbolOf,
} from "../../lib/probes/index.js";
import type { DefragEventsParameters } from "../parameters.js";
import {
  freeHook,
  insertHooks,
  isInsert,
  queueClauses,
  queueFilters,
  queueProtocolField,
  readAddresses,
  readQueue,
  stepField,
  userField,
} from "./queues.js";

/**
 * Shows what becomes of IP fragments on a host, one row for each that comes to its queue, for each queue that is given up, and for each refused fragment where
 * it is freed. Every row costs some microseconds: look at {@link defragSummary} first.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `maxEvents` (default 10,000: rows at most); filters that all have to match: `src`, `dst` (address or prefix, IPv4 or
 * IPv6), `ip` (either).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `step` VARCHAR: insert: a fragment comes to its queue; expire: a queue is given up; free: a refused fragment is freed;
 *   defragment: one is handed in
 * - `result` VARCHAR: OK, DUPLICATE or OVERLAP of insert; EXPIRED; FREED; WAITING, COMPLETE or an error of defragment
 * - `ip_version` INTEGER: 4 or 6
 * - `user` VARCHAR: who puts the fragments together
 * - `zone` INTEGER: connection tracking zone that does; null where it is not conntrack
 * - `src` VARCHAR: source address
 * - `dst` VARCHAR: destination address
 * - `id` BIGINT: identification of the datagram (RFC 791, RFC 8200)
 * - `protocol` VARCHAR: IP protocol of the datagram; null where the queue doesn't know, as of IPv6
 * - `offset_bytes` INTEGER, bytes: where the fragment's data begins
 * - `end_bytes` INTEGER, bytes: where it ends
 * - `received_bytes` INTEGER, bytes: data that the queue holds besides it
 * - `device` VARCHAR: network interface the fragment was on; null of expire
 * - `site` VARCHAR: kernel function that freed it; null but of free
 * - `cpu` INTEGER: CPU that did it
 *
 * null is unknown or absent. An insertion whose return the kernel missed has no row, and counts as lost. A `free` belongs to the refused `insert` before it with the same `id`.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await defragEvents(host, { seconds: 10, dst: "198.51.100.0/24" })
 */
export const defragEvents: Probe<DefragEventsParameters, "table"> = defineRows({
  name: "defragEvents",
  revision: 2,
  measures: "IP fragments that are put together, one row for each step",
  hooks: { ...insertHooks, optional: [...(insertHooks.optional ?? []), freeHook] },
  summary: "defragSummary",
  filters: queueFilters,
  fields: [
    stepField,
    userField,
    fields({
      columns: [
        { name: "src", type: "VARCHAR", meaning: "source address" },
        { name: "dst", type: "VARCHAR", meaning: "destination address" },
      ],
      words: numbers(5),
      say: () => [packet.version, packet.src.high, packet.src.low, packet.dst.high, packet.dst.low],
      read: ([version, ...words]) => {
        const [srcHigh = "0", srcLow = "0", dstHigh = "0", dstLow = "0"] = words;
        const of = version === "4" ? 4 : 6;
        return [addressOf(of, srcHigh, srcLow), addressOf(of, dstHigh, dstLow)];
      },
    }),
    field({
      name: "id",
      type: "BIGINT",
      meaning: "identification of the datagram (RFC 791, RFC 8200)",
      say: () => packet.id,
    }),
    queueProtocolField,
    fields({
      columns: [
        { name: "offset_bytes", type: "INTEGER", unit: "bytes", meaning: "where the fragment's data begins" },
        { name: "end_bytes", type: "INTEGER", unit: "bytes", meaning: "where it ends" },
      ],
      // Only an insertion has them.
      words: numbers(3),
      say: (at) => (isInsert(at) ? [1, bpf`$offset`, bpf`$end`] : [0, 0, 0]),
      read: ([known, offset, end]) => (known === "1" ? [Number(offset), Number(end)] : [null, null]),
    }),
    field({
      name: "received_bytes",
      type: "INTEGER",
      unit: "bytes",
      meaning: "data that the queue holds besides it",
      say: (at) => at.read(bpf`$q`, "inet_frag_queue.meat"),
    }),
    field({
      name: "device",
      type: "VARCHAR",
      meaning: "network interface the fragment was on; null of expire",
      words: numbers(2),
      say: (at) => {
        const { first, second } = at.name(bpf`$dev`, "net_device.name");
        return at.hook === freeHook || isInsert(at) ? [first, second] : [0, 0];
      },
      read: ([first = "0", second = "0"]) => nameOf(first, second),
    }),
    field({
      name: "site",
      type: "VARCHAR",
      meaning: "kernel function that freed it; null but of free",
      words: ["symbol", "number"],
      say: (at) => (at.hook === freeHook ? [symbolOf(at.arg("location")), 1] : [symbolOf(bpf`0`), 0]),
      read: ([site = "", freed]) => (freed === "1" ? site : null),
    }),
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that did it", say: () => bpf`cpu` }),
  ],
  program(writing) {
    const { on, has, emit } = writing;
    // What a refused fragment was to be put into, until it is freed.
    const refused = new BpfMap("refused", false, 16).at(bpf`$skb`);
    const remember = bpf`${refused} = ($q, ${packet.version});`;
    const row = (at: HookAt) => bpf`${readAddresses(at)}
  ${emit(at)}`;
    return [
      ...queueClauses(writing, {
        inserted: (at) => (has(freeHook) ? bpf`if (${at.result} != 0) { ${remember} } ${row(at)}` : row(at)),
        expired: row,
      }),
      on(
        freeHook,
        (at) => bpf`$skb = ${at.arg("skbaddr")}; $refused = ${refused}; if ($refused.0 == 0) { return; }
  delete(${refused});
  $q = $refused.0; ${packet.version} = $refused.1; $dev = ${at.read(bpf`$skb`, "sk_buff.dev")};
  ${readQueue(at)} ${row(at)}`,
      ),
    ];
  },
});
