import { z } from "zod";
import {
  BpfMap,
  beginsWith,
  bpf,
  defineHistogram,
  field,
  filter,
  type HookAt,
  joined,
  type Probe,
  readName,
  textAt,
} from "../../lib/probes/index.js";
import type { IrqSummaryParameters } from "../parameters.js";

const entered = "tracepoint:irq:irq_handler_entry";
const left = "tracepoint:irq:irq_handler_exit";

/** By CPU and interrupt, since an interrupt can come within another: when its handler began, and the begin of the handler's name. */
const began = new BpfMap("began", false, 24);
/** Whole names, by their interrupt and begin; and whether they are known. */
const names = new BpfMap("name", false, 64);
const known = new BpfMap("known", false);

const [irq, now, since, result] = [bpf`$irq`, bpf`$now`, bpf`$since`, bpf`$result`];
const name = { first: bpf`$name1`, second: bpf`$name2` };

/** `irqreturn_t` (include/linux/irqreturn.h). */
const results = ["none", "handled", "thread"];

/**
 * Measures hard interrupts: how often which device interrupted which CPU, and how long its handler kept the CPU, in the kernel. Whether the queues of a NIC interrupt the CPUs that they should; whether one CPU has all of them; which driver
 * holds a CPU for long. Each interrupt costs the host about a microsecond: the result says how much it was.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `irqs`, up to 16 numbers as /proc/interrupts has them; `name`, the begin of a handler's name (default all); `by`, any of irq, name, cpu, result (default irq, name, cpu).
 *
 * Columns:
 * - `irq` INTEGER: its number, as in /proc/interrupts
 * - `name` VARCHAR: who handles it, as in /proc/interrupts
 * - `cpu` INTEGER: CPU that was interrupted
 * - `interval` VARCHAR: running: from the begin of its handler to its end
 * - `count` BIGINT: samples
 * - `total_ns` BIGINT, ns: sum of them; null where it isn't known
 * - `avg_ns` DOUBLE, ns: mean of them; null with their sum
 * - `p50_low_ns` BIGINT, ns: percentile 50: bound below
 * - `p50_high_ns` BIGINT, ns: percentile 50: bound above
 * - `p90_low_ns` BIGINT, ns: percentile 90: bound below
 * - `p90_high_ns` BIGINT, ns: percentile 90: bound above
 * - `p99_low_ns` BIGINT, ns: percentile 99: bound below
 * - `p99_high_ns` BIGINT, ns: percentile 99: bound above
 * - `p999_low_ns` BIGINT, ns: percentile 99.9: bound below
 * - `p999_high_ns` BIGINT, ns: percentile 99.9: bound above
 * - `max_low_ns` BIGINT, ns: the longest: bound below
 * - `max_high_ns` BIGINT, ns: the longest: bound above
 *
 * An interrupt that several devices share has a handler for each: `name` tells them apart, and `none` in `result` is that the handler's device was not the one. A handler that leaves the rest to a thread (`thread`) is measured without that; what a NIC's
 * handler leaves to NAPI {@link softirqSummary} has. Timers of CPUs and what one CPU asks of another have no handlers of this kind: they are in /proc/interrupts by letters (LOC, RES, CAL), and not here.
 * Which CPUs an interrupt may go to says {@link irqAffinity}.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await irqSummary(host, { seconds: 10, name: "eth0", by: ["name", "cpu"] })
 */
export const irqSummary: Probe<IrqSummaryParameters, "frame"> = defineHistogram({
  name: "irqSummary",
  revision: 2,
  measures:
    "how often devices interrupt CPUs and how long the handlers run, as a distribution that the kernel keeps",
  hooks: { required: [entered, left] },
  mapKeys: 16_384,
  filters: {
    irqs: filter({
      schema: z.union([irqNumber(), z.array(irqNumber()).min(1).max(16)]),
      meaning: "interrupts, by the number that /proc/interrupts shows: one, or up to 16",
      test: (given) =>
        bpf`(${joined(
          [given].flat().map((one) => bpf`${irq} == ${one}`),
          " || ",
        )})`,
    }),
    name: filter({
      schema: z
        .string()
        .regex(/^[\x21-\x7e]{1,16}$/, "has to be 1 to 16 characters of ASCII, without spaces"),
      meaning: "what the name of the handler begins with, as /proc/interrupts shows it: `virtio0-input`",
      test: (given) => beginsWith(name, given),
    }),
  },
  by: {
    irq: field({
      name: "irq",
      type: "INTEGER",
      meaning: "its number, as in /proc/interrupts",
      say: () => irq,
    }),
    name: field({
      name: "name",
      type: "VARCHAR",
      meaning: "who handles it, as in /proc/interrupts",
      words: ["number", "number", "number"],
      say: () => [irq, name.first, name.second],
      read: (said, { maps }) => {
        const found = maps?.get(names.name)?.get(said.join());
        return typeof found === "string" && found !== "" ? found : null;
      },
    }),
    cpu: field({ name: "cpu", type: "INTEGER", meaning: "CPU that was interrupted", say: () => bpf`cpu` }),
    result: field({
      name: "result",
      type: "VARCHAR",
      meaning: "handled; none: it was not for this handler; thread: handled, and its thread does the rest",
      say: () => result,
      read: ([number = ""]) => results[Number(number)] ?? null,
    }),
  },
  usual: ["irq", "name", "cpu"],
  intervals: { running: "from the begin of its handler to its end" },
  program({ on, filtered, sample, by, parameters }) {
    const named = by.includes("name") || parameters.name !== undefined;
    const here = began.at(bpf`cpu`, irq);
    const itsName = [irq, name.first, name.second];
    const begin = (at: HookAt) => {
      const learn = by.includes("name")
        ? bpf`if (${known.at(...itsName)} == 0) { ${known.at(...itsName)} = 1; ${names.at(...itsName)} = ${textAt(at.argText("name"))}; }`
        : bpf``;
      const keep = named ? bpf`(nsecs, ${name.first}, ${name.second})` : bpf`(nsecs, (uint64)1, (uint64)1)`;
      return bpf`${learn} ${here} = ${keep};`;
    };
    return [
      on(
        entered,
        (at) => bpf`${irq} = ${at.arg("irq")};
  ${named ? bpf`${readName(name, at.argText("name"))}` : bpf``}
  ${filtered(at, bpf``, begin(at))}`,
        { numeric: true },
      ),
      on(
        left,
        (at) => bpf`${now} = nsecs; ${irq} = ${at.arg("irq")};
  $was = ${here}; ${since} = $was.0; if (${since} == 0) { return; }
  delete(${here});
  ${named ? bpf`${name.first} = $was.1; ${name.second} = $was.2;` : bpf``} ${result} = ${at.arg("ret")};
  ${sample(at, "running", since, now)}`,
      ),
    ];
  },
});

function irqNumber() {
  return z.int().min(0).max(1_000_000);
}
