import { z } from "zod";
import {
  type Bpf,
  BpfMap,
  bpf,
  defineRows,
  field,
  fields,
  type HookAt,
  numbers,
  type Probe,
  packetFields,
} from "../../lib/probes/index.js";
import type { UpcallEventsParameters } from "../parameters.js";
import { requestPlace } from "./netlink/index.js";
import {
  deviceField,
  places,
  upcallClauses,
  upcallFilters,
  upcallHooks,
  upcallModules,
  upcallNotes,
  wait,
} from "./upcalls.js";

const [ns, known, request] = [bpf`$ns`, bpf`$known`, bpf`$request`];

/** ovs-vswitchd's request that hands a packet back. */
const execute = "kprobe:ovs_packet_cmd_execute";

/** By thread: number and socket of its last request. */
const requested = new BpfMap("request", false);

const waited = field({
  name: "waited_ns",
  type: "BIGINT",
  unit: "ns",
  meaning: "from the upcall until it was handed back; null where it wasn't, or where others looked the same",
  say: () => bpf`${known} == 1 ? ${ns} : 0`,
  read: ([word = "0"]) => (word === "0" ? null : Number(word)),
});

const handedBackBy = fields({
  columns: [
    {
      name: "netlink_port",
      type: "BIGINT",
      meaning: "netlink socket that it was handed back by; null where it wasn't",
    },
    { name: "netlink_seq", type: "BIGINT", meaning: "number of that request on the socket" },
  ],
  words: numbers(1),
  say: () => [request],
  read: ([word = "0"]) => {
    const both = BigInt.asUintN(64, BigInt(word));
    return both === 0n ? [null, null] : [Number(both >> 32n), Number(both & 0xffff_ffffn)];
  },
});

/**
 * Shows packets that Open vSwitch's kernel datapath had to ask ovs-vswitchd about, one row each, when they were handed back or could not be asked about: see {@link upcallSummary}, which counts all of them and says what is still open.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `slowerThanUs` (default 0: those that waited so many microseconds, or more; what was refused has a row always); `requests`; `device`; filters of
 * packets, as {@link dropEvents} has them; `maxEvents` (default 10,000: rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `device` VARCHAR: port of the switch that the packets came in by
 * - `reason` VARCHAR: miss: no flow of the kernel's fits; action: a flow says so; null where it isn't known
 * - `error` VARCHAR: why the kernel could not ask; null where it could
 * - `waited_ns` BIGINT, ns: from the upcall until it was handed back; null where it wasn't, or where others looked the same
 * - `ip_version` INTEGER: 4 or 6; null for what isn't IP
 * - `src` VARCHAR: source address
 * - `src_port` INTEGER: TCP, UDP or SCTP source port
 * - `dst` VARCHAR: destination address
 * - `dst_port` INTEGER: TCP, UDP or SCTP destination port
 * - `protocol` VARCHAR: IP protocol, or the EtherType of what isn't IP
 * - `length_bytes` INTEGER, bytes: IP packet by its own header; frame where it isn't IP
 * - `cpu` INTEGER: CPU that it was handed back on
 *
 * With `requests: true` two more columns, `netlink_port` and `netlink_seq`, tell by which of its requests ovs-vswitchd handed a packet back (null where it didn't): {@link flowUpcalls} finds the flow that was put in for it by them.
 *
 * Errors: as for every probe, see {@link makeProbe}; `USERSPACE_DATAPATH`.
 *
 * @example await upcallEvents(host, { seconds: 10, slowerThanUs: 500 })
 */
export const upcallEvents: Probe<UpcallEventsParameters, "table"> = defineRows({
  name: "upcallEvents",
  revision: 1,
  measures: "packets that Open vSwitch asked ovs-vswitchd about, one row each",
  hooks: { ...upcallHooks, optional: [execute] },
  modules: upcallModules,
  datapath: "kernel",
  summary: "upcallSummary",
  mapKeys: 16_384,
  filters: upcallFilters,
  parameters: {
    slowerThanUs: z
      .int()
      .min(0)
      .max(60_000_000)
      .default(0)
      .describe("packets that waited so long or longer, in microseconds"),
    requests: z
      .boolean()
      .optional()
      .describe("also by which request of ovs-vswitchd packets were handed back, for `flowUpcalls`"),
  },
  fields: ({ requests }) => [
    deviceField,
    places.reason,
    places.error,
    waited,
    ...packetFields,
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that it was handed back on", say: () => bpf`cpu` }),
    ...(requests ? [handedBackBy] : []),
  ],
  program: (writing) => {
    const { parameters, emit: say, on, has } = writing;
    const { requests, slowerThanUs } = parameters;
    const mine = requested.at(bpf`tid`);
    const emit = (at: HookAt, by: Bpf) => (requests ? bpf`${request} = ${by}; ${say(at)}` : say(at));
    const by = has(execute) ? mine : bpf`0`;
    return [
      ...(requests
        ? [on(execute, (at) => bpf`${mine} = *(${at.read(at.arg(0), "sk_buff.data")} + ${requestPlace});`)]
        : []),
      ...upcallClauses(writing, {
        began: (_, keep) => keep,
        answered: (at) => bpf`if (${wait.ended} < ${wait.began}) { return; }
  ${ns} = ${wait.ended} - ${wait.began}; ${known} = 1;
  if (${ns} < ${slowerThanUs * 1_000}) { return; }
  ${emit(at, by)}`,
        unclear: (at) => bpf`${ns} = 0; ${known} = 0; ${emit(at, by)}`,
        refused: (at) => bpf`${ns} = 0; ${known} = 0; ${emit(at, bpf`0`)}`,
        unasked: () => bpf``,
      }),
    ];
  },
  notes: upcallNotes,
});
