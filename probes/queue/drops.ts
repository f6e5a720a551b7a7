import { z } from "zod";
import {
  atReturn,
  attachTo,
  bpftrace,
  defineProbe,
  type Fragment,
  integer,
  isMeasuring,
  joined,
  keepForReturn,
  type Probe,
  plainName,
  type Target,
} from "../../lib/probes/index.js";
import type { Value } from "../../lib/tables/index.js";
import { packetFilters } from "../packet/filters.js";
import { transmitCode } from "./codes.js";

const Parameters = z.strictObject({ device: packetFilters.device });

/** What {@link qdiscDrops} can be asked, beside what every probe can. */
export interface QdiscDropsParameters {
  /** Interface that packets leave by. */
  device?: string | undefined;
}

const driver = "tracepoint:net:net_dev_xmit";

/** Functions that take a packet into a queue, of the disciplines that come with Linux. */
const enqueue = [
  ...[
    "pfifo_fast",
    "pfifo",
    "bfifo",
    "pfifo_tail",
    "fq_codel",
    "fq",
    "codel_qdisc",
    "cake",
    "tbf",
    "htb",
    "hfsc",
  ],
  ...[
    "prio",
    "drr",
    "ets",
    "red",
    "sfq",
    "sfb",
    "pie",
    "fq_pie",
    "choke",
    "gred",
    "netem",
    "taprio",
    "etf",
    "mqprio",
  ],
  ...["cbs", "hhf", "multiq", "plug", "qfq", "skbprio"],
].map((discipline) => `${discipline}_enqueue`);

const stack = "__dev_queue_xmit";

/** Whose codes are looked at, by their place here in the map's key. */
const steps = ["net_dev_xmit", stack, ...enqueue];

/**
 * Counts what became of packets on their way out, as each step of the transmit path says it: what `__dev_queue_xmit` returned to the stack, what each
 * queueing discipline returned (`tbf_enqueue`, `fq_codel_enqueue`, …), what the driver returned (`net_dev_xmit`). They differ: a discipline may drop and say
 * success (netem's loss, or a head drop), and what a driver drops the stack never hears of. The kernel counts; every packet out costs the host some microseconds: the result says how much it was.
 * For what the disciplines count themselves, see {@link besideCounters}.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `device` (default all).
 *
 * Columns: `device` (those of one name in several network namespaces together), `qdisc` (the device's root discipline, or the one that was asked; null for
 * the driver), `step` (kernel function), `code` (what it returned), `name` (`NET_XMIT_SUCCESS`, `NET_XMIT_DROP`, `NET_XMIT_CN`: congested, this or another packet was
 * dropped; `NETDEV_TX_OK`, `NETDEV_TX_BUSY`: will be tried again; `…|__NET_XMIT_BYPASS`: success to the caller, but nothing was queued; or an errno), `loss` (a packet was
 * dropped), `packets` (packets that it returned so for).
 *
 * Without kprobes, and where a discipline's module isn't loaded, its rows are missing. A call whose return the kernel missed is in `provenance.lost`.
 *
 * Errors: as for every probe, see {@link defineProbe}.
 *
 * @example await qdiscDrops(host, { seconds: 10, device: "eth0" })
 */
export const qdiscDrops: Probe<QdiscDropsParameters, "frame"> = defineProbe({
  name: "qdiscDrops",
  shape: "frame",
  revision: 1,
  measures:
    "packets on their way out, counted in the kernel by what the stack, queueing disciplines and drivers returned",
  parameters: Parameters,
  hooks: {
    required: [driver],
    optional: [`kprobe:${stack}`, `kretprobe:${stack}`],
    whereLoaded: enqueue.flatMap((name) => [`kprobe:${name}`, `kretprobe:${name}`]),
  },
  columns: [
    { name: "device", type: "VARCHAR", meaning: "network interface that the packets leave by" },
    {
      name: "qdisc",
      type: "VARCHAR",
      meaning: "kind of the device's root discipline, or of the one asked; null for the driver",
    },
    { name: "step", type: "VARCHAR", meaning: "kernel function, or tracepoint of the driver" },
    { name: "code", type: "INTEGER", meaning: "what it returned" },
    { name: "name", type: "VARCHAR", meaning: "the code's name" },
    { name: "loss", type: "BOOLEAN", meaning: "the packet, or another in its place, was dropped" },
    { name: "packets", type: "BIGINT", unit: "packets", meaning: "packets that it returned so for" },
  ],
  countMap: "@codes",
  program({ device }, target) {
    const name = bpftrace`str(args->name)`;
    return joined(
      [
        bpftrace`${attachTo(target, driver)} { if (${only(name, device)}) {
  @matched = count(); @codes[(uint64)0, (int64)(int32)args->rc, ${name}, ""] = count(); } }`,
        ...steps.slice(1).flatMap((step, index) => clausesOf(step, index + 1, device, target)),
      ],
      "\n",
    );
  },
  decode(record) {
    if (record.type !== "map" || record.name !== "@codes") return [];
    return record.entries
      .map(([key, count]) => {
        const [, witness, code, device = "", qdisc] = /^(\d+),(-?\d+),(.*),([^,]*)$/.exec(
          key,
        ) as RegExpExecArray;
        const { name, loss } = transmitCode(Number(code), witness === "0");
        return [
          device,
          qdisc || null,
          steps[Number(witness)] as string,
          Number(code),
          name,
          loss,
          Number(count),
        ];
      })
      .sort(byLossThenNumber);
  },
});

/** A clause on the entry and one on the return of a function; none where the kernel lacks it. */
function clausesOf(name: string, step: number, device: string | undefined, target: Target): Fragment[] {
  const [entry, back] = [`kprobe:${name}`, `kretprobe:${name}`];
  if (!target.hooks.has(entry) || !target.hooks.has(back)) return [];
  const ofStack = name === stack;
  const taken = ofStack
    ? bpftrace`$dev = ((struct sk_buff *)arg0)->dev;`
    : bpftrace`$dev = ((struct Qdisc *)arg1)->dev_queue->dev;`;
  const kept = ofStack ? bpftrace`$dev` : bpftrace`arg1`;
  const discipline = ofStack
    ? bpftrace`$dev = (struct net_device *)$kept; $qdisc = $dev->qdisc;`
    : bpftrace`$qdisc = (struct Qdisc *)$kept; $dev = $qdisc->dev_queue->dev;`;
  const count = bpftrace`${discipline} @codes[(uint64)${integer(step)}, (int64)(int32)retval, $dev->name, $qdisc->ops->id] = count();`;
  return [
    bpftrace`${attachTo(target, entry)} { ${taken} $keep = (uint64)0;
  if (${isMeasuring} && ${only(bpftrace`$dev->name`, device)}) { @matched = count(); $keep = (uint64)${kept}; }
  ${keepForReturn(name, bpftrace`$keep`)} }`,
    bpftrace`${attachTo(target, back)} { ${atReturn(name, count)} }`,
  ];
}

function only(name: Fragment, device: string | undefined): Fragment {
  return device === undefined ? bpftrace`1` : bpftrace`${name} == ${plainName(device)}`;
}

/** What was lost first, then by number. */
function byLossThenNumber(a: readonly Value[], b: readonly Value[]): number {
  return Number(b[5]) - Number(a[5]) || Number(b[6]) - Number(a[6]) || (String(a) < String(b) ? -1 : 1);
}
