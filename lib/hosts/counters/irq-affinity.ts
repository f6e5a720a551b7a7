import { z } from "zod";
import { badParameters } from "../../parameters/index.js";
import { type Column, completeProvenance, createFrame, type Frame, type Value } from "../../tables/index.js";
import { deviceName } from "../device-name.js";
import type { Host } from "../host.js";
import type { Reading } from "../read-sections.js";
import { timeOf } from "../sections.js";
import { understood } from "../understood.js";
import { listNodes, nodesOf } from "./cpu-list.js";
import { type CounterOptions, printUptime, readTwice } from "./twice.js";

const columns: Column[] = [
  { name: "irq", type: "INTEGER", meaning: "number of the interrupt, as in /proc/interrupts" },
  { name: "name", type: "VARCHAR", meaning: "who handles it, as there; null: nobody" },
  {
    name: "device",
    type: "VARCHAR",
    meaning: "network interface whose it is; null: of no network interface",
  },
  { name: "numa_node", type: "INTEGER", meaning: "NUMA node of its device; null where it has none" },
  { name: "allowed_cpus", type: "VARCHAR", meaning: "CPUs that it may go to, such as 0-3,8" },
  {
    name: "effective_cpus",
    type: "VARCHAR",
    meaning: "CPUs that it is sent to, of these; null where the kernel doesn't say",
  },
  { name: "count", type: "BIGINT", meaning: "interrupts between the readings; null: unknown" },
  { name: "per_second", type: "DOUBLE", meaning: "count by the time between the readings" },
  { name: "busiest_cpu", type: "INTEGER", meaning: "CPU that got the most of them; null: there were none" },
  { name: "busiest_percent", type: "DOUBLE", unit: "%", meaning: "what that CPU got, of count" },
  {
    name: "other_node_percent",
    type: "DOUBLE",
    unit: "%",
    meaning: "what CPUs of other NUMA nodes got, of count; null where nodes aren't known",
  },
];

/** Lines of devices: number, space, name. Of a virtio device, the interrupts are those of the PCI device that it is on. */
const devices = [
  "for one in /sys/class/net/*/device; do name=${one%/device}; from=$one/msi_irqs; [ -d $from ] || from=$one/../msi_irqs",
  'for irq in "$from"/*; do [ -e "$irq" ] && echo "${irq##*/} ${name##*/}"; done',
  'read -r irq <"$one"/irq && echo "$irq ${name##*/}"; done',
].join("; ");
const affinity = ["smp_affinity_list", "effective_affinity_list", "node"].map((name) => `-name ${name}`);
const script = [
  `export LC_ALL=C; say began; date +%s%N; say at; ${printUptime}`,
  "say interrupts; cat /proc/interrupts | tr -d '\\036\\037'",
  `say affinity; find /proc/irq/[0-9]* -maxdepth 1 \\( ${affinity.join(" -o ")} \\) -exec grep -H . {} +`,
  `say nodes; ${listNodes}; say devices; ${devices}`,
  "say ended; date +%s%N",
].join("; ");

/** What {@link irqAffinity} is asked. */
export interface IrqAffinityOptions extends CounterOptions {
  /** Only interrupts of this network interface. Default all interrupts of devices. */
  device?: string;
}

const Chosen = z.object({ device: deviceName.optional() });

/**
 * Says of each interrupt of a host's devices which CPUs it may go to, which it is sent to, and which got how many between two moments (`/proc/interrupts`, `/proc/irq`): whether one CPU has all
 * the interrupts of a NIC, or they go to a NUMA node far from it. Nothing is attached or changed, and no root is needed. How long the handlers run says {@link irqSummary}, where queues are
 * spread further {@link queueAffinity}.
 *
 * Columns: `irq`, `name`, `device`, `numa_node`, `allowed_cpus`, `effective_cpus`, `count`, `per_second`, `busiest_cpu`, `busiest_percent`, `other_node_percent`. The most frequent come first. Interrupts that CPUs
 * make themselves or send each other (LOC, RES, CAL) are not here. `count` is null where the interrupt came meanwhile, or its counter went back. `device` is known of interfaces in the host's own network namespace.
 *
 * @throws SkbookError `BAD_PARAMETER`, `DURING_FAILED`, `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`, and the host's own; in a replay `NOT_RECORDED`.
 * @example await irqAffinity(host, { seconds: 10, device: "eth0" })
 */
export async function irqAffinity(host: Host, options: IrqAffinityOptions = {}): Promise<Frame> {
  const { device, ...rest } = options;
  const chosen = Chosen.safeParse({ device });
  if (!chosen.success) throw badParameters("irqAffinity", chosen.error);
  const [before, after] = await readTwice(host, "irqAffinity", "interrupts", script, rest);
  return understood(host.name, "its interrupts", () => irqAffinityOf(host.name, before, after, chosen.data));
}

/** What two readings say; the same for live and replayed ones. */
export function irqAffinityOf(
  host: string,
  before: Reading,
  after: Reading,
  { device }: z.output<typeof Chosen> = {},
): Frame {
  const { sections } = after;
  const seconds = Number(sections.at) - Number(before.sections.at);
  const [first, last] = [interruptsOf(before.sections.interrupts), interruptsOf(sections.interrupts)];
  const nodes = nodesOf(sections.nodes);
  const files = new Map(
    [...(sections.affinity ?? "").matchAll(/^\/proc\/irq\/(\d+)\/(\w+):(.*)$/gm)].map(
      ([, irq, file, value]) => [`${irq} ${file}`, value ?? ""],
    ),
  );
  const owners = new Map(
    [...(sections.devices ?? "").matchAll(/^(\d+) (.+)$/gm)].map(([, irq, name]) => [
      Number(irq),
      name ?? "",
    ]),
  );
  const rows = [...last].flatMap(([irq, { name, counts }]): Value[][] => {
    const owner = owners.get(irq) ?? null;
    if (device !== undefined && owner !== device) return [];
    const node = Number(files.get(`${irq} node`) ?? -1);
    const itsNode = node >= 0 ? node : null;
    const was = first.get(irq);
    const changes = [...counts].map(([cpu, count]) => [cpu, count - (was?.counts.get(cpu) ?? 0)] as const);
    const known = was?.name === name && changes.every(([, change]) => change >= 0);
    const count = known ? changes.reduce((sum, [, change]) => sum + change, 0) : null;
    const [busiest] = changes.toSorted(([, one], [, other]) => other - one);
    const foreign = changes.reduce(
      (sum, [cpu, change]) => sum + (nodes.get(cpu) === itsNode ? 0 : change),
      0,
    );
    const told = count !== null && count > 0 && busiest !== undefined;
    return [
      [
        ...[irq, name, owner, itsNode, files.get(`${irq} smp_affinity_list`) ?? null],
        ...[files.get(`${irq} effective_affinity_list`) || null, count],
        count === null || seconds <= 0 ? null : count / seconds,
        ...(told ? [busiest[0], (100 * busiest[1]) / count] : [null, null]),
        told && itsNode !== null && nodes.size > 0 ? (100 * foreign) / count : null,
      ],
    ];
  });
  return createFrame(
    columns,
    rows.sort(
      (one, other) => Number(other[6] ?? -1) - Number(one[6] ?? -1) || Number(one[0]) - Number(other[0]),
    ),
    completeProvenance("irqAffinity", {
      host,
      recordingId: after.recordingId,
      startedAt: timeOf(before.sections.began),
      endedAt: timeOf(sections.ended),
      partial: before.partial || after.partial,
      notes:
        device !== undefined && rows.length === 0
          ? [
              `no interrupt is known to be of ${device}: it is a virtual device, or its driver has others for it`,
            ]
          : [],
      details: { before: before.recordingId },
    }),
  );
}

/** Interrupts of devices, by their numbers: how many each CPU got, and who handles them. */
function interruptsOf(text = ""): Map<number, { name: string | null; counts: Map<number, number> }> {
  const [head = "", ...lines] = text.split("\n");
  const cpus = [...head.matchAll(/\bCPU(\d+)\b/g)].map(([, cpu]) => Number(cpu));
  return new Map(
    lines.flatMap((line) => {
      const [, irq, rest = ""] = /^\s*(\d+):\s*(.*)$/.exec(line) ?? [];
      if (irq === undefined) return [];
      const values = rest.split(/\s+/).slice(0, cpus.length);
      if (values.length < cpus.length || !values.every((value) => /^\d{1,15}$/.test(value))) return [];
      const counts = new Map(cpus.map((cpu, index) => [cpu, Number(values[index])] as const));
      // Behind the counts stand the chip, its number of the interrupt, and how it is signalled.
      const described = rest.replace(/^(?:\d+\s+)+(?=\D)/, "");
      const [, name = ""] =
        /(?:\b|-)(?:edge|level|fasteoi|percpu|simple|bad|Edge|Level|None)\s+(.*)$/.exec(described) ?? [];
      return [[Number(irq), { name: name.trim() === "" ? null : name.trim(), counts }] as const];
    }),
  );
}
