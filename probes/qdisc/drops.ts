import {
  bpf,
  callHooks,
  defineCounts,
  field,
  fields,
  type HookAt,
  type HookSite,
  type Hooks,
  nameOf,
  numbers,
  type Probe,
  packet,
  packetFilters,
  readName,
  signed32,
} from "../../lib/probes/index.js";
import type { Value } from "../../lib/tables/index.js";
import type { QdiscDropsParameters } from "../parameters.js";
import { transmitCode } from "./codes.js";

const driver = "tracepoint:net:net_dev_xmit";
const stack = "__dev_queue_xmit";

/** Functions that take a packet into a queue, of the disciplines that come with Linux. */
const enqueue =
  `pfifo_fast pfifo bfifo pfifo_tail fq_codel fq codel_qdisc cake tbf htb hfsc prio drr ets red sfq sfb pie fq_pie choke gred netem taprio etf
  mqprio cbs hhf multiq plug qfq skbprio`
    .split(/\s+/)
    .map((discipline) => `${discipline}_enqueue`);

/** Whose codes are looked at, by their number in the map's key. */
const steps = ["net_dev_xmit", stack, ...enqueue];
const stepOf = (at: HookSite) => steps.indexOf(at.hook.slice(at.hook.lastIndexOf(":") + 1));

const hooks: Hooks = {
  required: [driver],
  optional: callHooks(stack),
  whereLoaded: enqueue.flatMap(callHooks),
};

/** Names of the device and of the kind of its discipline, which each clause sets. */
const device = packet.device;
const kind = { first: bpf`$kind1`, second: bpf`$kind2` };

const readDevice = (at: HookAt) => {
  const { first, second } = at.name(bpf`$dev`, "net_device.name");
  return bpf`${device.first} = ${first}; ${device.second} = ${second};`;
};

/** Statements that read the names of the discipline `$qdisc`, and of its device. */
const readNames = (at: HookAt) => {
  const { first, second } = at.name(bpf`$ops`, "Qdisc_ops.id");
  return bpf`${readDevice(at)}
  $ops = ${at.read(bpf`$qdisc`, "Qdisc.ops")}; ${kind.first} = ${first}; ${kind.second} = ${second};`;
};

/** Statement that sets `$dev` to the device of the discipline `$qdisc`. */
const readDeviceOf = (at: HookAt) => bpf`$queue = ${at.read(bpf`$qdisc`, "Qdisc.dev_queue")};
  $dev = ${at.read(bpf`$queue`, "netdev_queue.dev")};`;

/**
 * Counts what became of packets on their way out, as each step of the transmit path says it: what `__dev_queue_xmit` returned to the stack, what each
 * queueing discipline returned (`tbf_enqueue`, `fq_codel_enqueue`, …), what the driver returned (`net_dev_xmit`). They differ: a discipline may drop and say
 * success (netem's loss, or a head drop), and what a driver drops the stack never hears of. The kernel counts; every packet out costs the host some microseconds: the result says how much it was.
 * For what the disciplines count themselves, see {@link besideCounters}.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `device` (default all).
 *
 * Columns:
 * - `device` VARCHAR: network interface that the packets leave by
 * - `qdisc` VARCHAR: kind of the device's root discipline, or of the one asked; null for the driver
 * - `step` VARCHAR: kernel function, or tracepoint of the driver
 * - `code` INTEGER: what it returned
 * - `name` VARCHAR: the code's name
 * - `loss` BOOLEAN: the packet, or another in its place, was dropped
 * - `packets` BIGINT, packets: packets that it returned so for
 *
 * Devices of one name in several network namespaces count together. `NETDEV_TX_BUSY` will be tried again; `NET_XMIT_CN`: congested, this or another packet was dropped;
 * `…|__NET_XMIT_BYPASS`: success to the caller, but nothing was queued.
 *
 * Without kprobes, and where a discipline's module isn't loaded, its rows are missing. A call whose return the kernel missed is in `provenance.lost`.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await qdiscDrops(host, { seconds: 10, device: "eth0" })
 */
export const qdiscDrops: Probe<QdiscDropsParameters, "frame"> = defineCounts({
  name: "qdiscDrops",
  revision: 2,
  measures:
    "packets on their way out, counted in the kernel by what the stack, queueing disciplines and drivers returned",
  hooks,
  calls: true,
  mapKeys: 16_384,
  filters: { device: { ...packetFilters.device, meaning: "interface that packets leave by" } },
  fields: [
    field({
      name: "device",
      type: "VARCHAR",
      meaning: "network interface that the packets leave by",
      words: numbers(2),
      say: () => [device.first, device.second],
      read: ([first = "0", second = "0"]) => nameOf(first, second),
    }),
    field({
      name: "qdisc",
      type: "VARCHAR",
      meaning: "kind of the device's root discipline, or of the one asked; null for the driver",
      words: numbers(2),
      say: () => [kind.first, kind.second],
      read: ([first = "0", second = "0"]) => nameOf(first, second),
    }),
    fields({
      columns: [
        { name: "step", type: "VARCHAR", meaning: "kernel function, or tracepoint of the driver" },
        { name: "code", type: "INTEGER", meaning: "what it returned" },
        { name: "name", type: "VARCHAR", meaning: "the code's name" },
        { name: "loss", type: "BOOLEAN", meaning: "the packet, or another in its place, was dropped" },
      ],
      words: numbers(2),
      say: (at) => [stepOf(at), at.hook === driver ? at.arg("rc") : at.result],
      read: ([step = "0", word = "0"]) => {
        const code = signed32(word);
        const { name, loss } = transmitCode(code, step === "0");
        return [steps[Number(step)] as string, code, name, loss];
      },
    }),
  ],
  total: { name: "packets", unit: "packets", meaning: "packets that it returned so for" },
  program: ({ on, call, count, filtered }) => [
    // What the tracepoint tells of may have been freed: its record has the device's name.
    on(
      driver,
      (at) => bpf`${readName(device, at.argText("name"))}
  ${filtered(at, bpf``, bpf`${kind.first} = 0; ${kind.second} = 0; ${count(at)}`)}`,
      { numeric: true },
    ),
    call(stack, {
      enter: (at, keep) =>
        bpf`$dev = ${at.read(at.arg(0), "sk_buff.dev")}; ${filtered(at, readDevice(at), keep(bpf`$dev`))}`,
      leave: (
        at,
        [dev = bpf`0`],
      ) => bpf`$dev = ${dev}; $qdisc = ${at.read(bpf`$dev`, "net_device.qdisc")}; ${readNames(at)}
  ${count(at)}`,
    }),
    ...enqueue.map((name) =>
      call(name, {
        enter: (at, keep) =>
          bpf`$qdisc = ${at.arg(1)}; ${filtered(at, bpf`${readDeviceOf(at)} ${readDevice(at)}`, keep(bpf`$qdisc`))}`,
        leave: (at, [qdisc = bpf`0`]) => bpf`$qdisc = ${qdisc}; ${readDeviceOf(at)} ${readNames(at)}
  ${count(at)}`,
      }),
    ),
  ],
  order: byLossThenNumber,
});

/** What was lost first, then by number. */
function byLossThenNumber(a: readonly Value[], b: readonly Value[]): number {
  return Number(b[5]) - Number(a[5]) || Number(b[6]) - Number(a[6]) || (String(a) < String(b) ? -1 : 1);
}
