import {
  addressOf,
  type Bpf,
  BpfMap,
  bpf,
  defineRows,
  field,
  nameOf,
  numbers,
  packet,
  symbolOf,
} from "../../lib/probes/index.js";
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
 * Columns: `time_ns` (Unix time by the host's clock), `step` (`insert`, `expire`, `free`), `result` (`OK`, `DUPLICATE`, `OVERLAP`; `EXPIRED`; `FREED`), `ip_version`, `user` (who puts them together)
 * and its `zone`, `src`, `dst`, `id` (identification of the datagram), `protocol` (null of IPv6), `offset_bytes` and `end_bytes` (place of the fragment's data), `received_bytes` (data in the queue
 * besides), `device`, `site` (kernel function that freed it), `cpu`. null is unknown or absent. An insertion whose return the kernel missed has no row, and counts as lost. A `free` belongs to the refused `insert` before it with the same `id`.
 *
 * Errors: as for every probe, see {@link defineProbe}.
 *
 * @example await defragEvents(host, { seconds: 10, dst: "198.51.100.0/24" })
 */
export const defragEvents = defineRows({
  name: "defragEvents",
  revision: 2,
  measures: "IP fragments that are put together, one row for each step",
  hooks: { ...insertHooks, optional: [...(insertHooks.optional ?? []), freeHook] },
  summary: "defragSummary",
  filters: queueFilters,
  fields: [
    stepField,
    userField,
    addressField("src", "source address"),
    addressField("dst", "destination address"),
    field({
      name: "id",
      type: "BIGINT",
      meaning: "identification of the datagram (RFC 791, RFC 8200)",
      say: () => packet.id,
    }),
    queueProtocolField,
    placeField("offset_bytes", "where the fragment's data begins", bpf`$offset`),
    placeField("end_bytes", "where it ends", bpf`$end`),
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
    const refused = (skb: Bpf) => new BpfMap("refused", false, 16).at(skb);
    return [
      ...queueClauses(writing, {
        inserted: (
          at,
          skb,
        ) => bpf`${has(freeHook) ? bpf`if (${at.result} != 0) { ${refused(skb)} = ($q, ${packet.version}); }` : bpf``}
  ${readAddresses(at)}
  ${emit(at)}`,
        expired: (at) => bpf`${readAddresses(at)}
  ${emit(at)}`,
      }),
      on(
        freeHook,
        (
          at,
        ) => bpf`$skb = ${at.arg("skbaddr")}; $refused = ${refused(bpf`$skb`)}; if ($refused.0 == 0) { return; }
  delete(${refused(bpf`$skb`)});
  $q = $refused.0; ${packet.version} = $refused.1; $dev = ${at.read(bpf`$skb`, "sk_buff.dev")};
  ${readQueue(at)} ${readAddresses(at)}
  ${emit(at)}`,
      ),
    ];
  },
});

function addressField(name: "src" | "dst", meaning: string) {
  const { high, low } = packet[name];
  return field({
    name,
    type: "VARCHAR",
    meaning,
    words: numbers(3),
    say: () => [packet.version, high, low],
    read: ([version, high = "0", low = "0"]) => addressOf(version === "4" ? 4 : 6, high, low),
  });
}

/** Only an insertion has it. */
function placeField(name: string, meaning: string, value: Bpf) {
  return field({
    name,
    type: "INTEGER",
    unit: "bytes",
    meaning,
    words: numbers(2),
    say: (at) => (isInsert(at) ? [value, 1] : [0, 0]),
    read: ([bytes, known]) => (known === "1" ? Number(bytes) : null),
  });
}
