import { z } from "zod";
import { badParameters } from "../../parameters/index.js";
import { type Column, completeProvenance, createFrame, type Frame, type Value } from "../../tables/index.js";
import { deviceName } from "../device-name.js";
import type { Host } from "../host.js";
import { type Reading, readUntil } from "../read-sections.js";
import { timeOf } from "../sections.js";
import { understood } from "../understood.js";
import { listOfMask } from "./cpu-list.js";

const columns: Column[] = [
  { name: "device", type: "VARCHAR", meaning: "network interface" },
  { name: "direction", type: "VARCHAR", meaning: "rx: receives; tx: sends" },
  { name: "queue", type: "INTEGER", meaning: "number of its queue, from 0" },
  {
    name: "cpus",
    type: "VARCHAR",
    meaning:
      "rx: CPUs that its packets are spread to (RPS); tx: CPUs that send by it (XPS); empty: none chosen; null: the kernel says nothing of it",
  },
  {
    name: "flow_entries",
    type: "INTEGER",
    meaning: "rx: flows that are steered to their reader's CPU (RFS); 0: off",
  },
  { name: "rx_queues", type: "VARCHAR", meaning: "tx: receive queues whose flows are sent by it (XPS)" },
];

const files = ["rps_cpus", "rps_flow_cnt", "xps_cpus", "xps_rxqs"].map(
  (name) => `/sys/class/net/*/queues/*/${name}`,
);
const script = [
  "export LC_ALL=C; say began; date +%s%N",
  `say queues; printf '%s\\0' ${files.join(" ")} | xargs -0 grep -H .`,
  "say ended; date +%s%N",
].join("; ");
const deadlineSeconds = 90;

/** What {@link queueAffinity} is asked. */
export interface QueueAffinityOptions {
  /** Only queues of this network interface. Default all. */
  device?: string;
}

const Chosen = z.strictObject({ device: deviceName.optional() });

/**
 * Says of each queue of a host's network interfaces which CPUs it is steered to by software: where what it receives is spread to (RPS, RFS), and who sends by it (XPS). Nothing is attached or
 * changed, and no root is needed. Which CPUs a queue interrupts says {@link irqAffinity}, which frames it carries {@link queueSummary}.
 *
 * Columns: `device`, `direction`, `queue`, `cpus`, `flow_entries`, `rx_queues`, in their order. Interfaces of other network namespaces are not here.
 *
 * @throws SkbookError `BAD_PARAMETER`, `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`, and the host's own; in a replay `NOT_RECORDED`.
 * @example await queueAffinity(host, { device: "eth0" })
 */
export async function queueAffinity(host: Host, options: QueueAffinityOptions = {}): Promise<Frame> {
  const chosen = Chosen.safeParse(options);
  if (!chosen.success) throw badParameters("queueAffinity", chosen.error);
  const reading = await readUntil(deadlineSeconds, host, "queues", script);
  return understood(host.name, "its queues", () => queueAffinityOf(host.name, reading, chosen.data));
}

/** What a reading says; the same for live and replayed ones. */
export function queueAffinityOf(
  host: string,
  { sections, partial, recordingId }: Reading,
  { device }: z.output<typeof Chosen> = {},
): Frame {
  const queues = new Map<string, { place: Value[]; files: Map<string, string> }>();
  const line = /^\/sys\/class\/net\/([^/]+)\/queues\/(rx|tx)-(\d+)\/(\w+):(.*)$/gm;
  for (const [, name = "", direction = "", queue = "", file = "", value = ""] of (
    sections.queues ?? ""
  ).matchAll(line)) {
    if (device !== undefined && name !== device) continue;
    const key = `${name} ${direction} ${queue}`;
    const found = queues.get(key) ?? { place: [name, direction, Number(queue)], files: new Map() };
    queues.set(key, found);
    found.files.set(file, value);
  }
  const rows = [...queues.values()].map(({ place, files }): Value[] => {
    const mask = (file: string) => {
      const text = files.get(file);
      return text === undefined ? null : listOfMask(text);
    };
    const flows = files.get("rps_flow_cnt");
    const cpus = mask(place[1] === "rx" ? "rps_cpus" : "xps_cpus");
    return [...place, cpus, flows === undefined ? null : Number(flows), mask("xps_rxqs")];
  });
  const order = (one: Value[], other: Value[]) =>
    compared(String(one[0]), String(other[0])) ||
    compared(String(one[1]), String(other[1])) ||
    Number(one[2]) - Number(other[2]);
  return createFrame(
    columns,
    rows.sort(order),
    completeProvenance("queueAffinity", {
      host,
      recordingId,
      startedAt: timeOf(sections.began),
      endedAt: timeOf(sections.ended),
      partial,
      notes: partial
        ? [`the host had not said all of it within ${deadlineSeconds} s: the rest is missing`]
        : [],
      details: {},
    }),
  );
}

function compared(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
