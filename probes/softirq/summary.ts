import { z } from "zod";
import {
  type Bpf,
  BpfMap,
  bpf,
  defineHistogram,
  field,
  filter,
  type HookAt,
  type Hooks,
  joined,
  type Probe,
} from "../../lib/probes/index.js";
import type { SoftirqSummaryParameters } from "../parameters.js";

const raised = "tracepoint:irq:softirq_raise";
const entered = "tracepoint:irq:softirq_entry";
const left = "tracepoint:irq:softirq_exit";
const hooks: Hooks = { required: [raised, entered, left] };

/** By vector, since softirqs don't nest on a CPU: when the first raise was that has not been handled, and when the handler began. */
const pending = new BpfMap("pending", false);
const began = new BpfMap("began", false);
const vector = bpf`$vec`;

/** By their numbers, which have been the same since 2.6.26 (include/linux/interrupt.h). */
const vectors = [
  ...(["HI", "TIMER", "NET_TX", "NET_RX", "BLOCK"] as const),
  ...(["IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"] as const),
] as const;

/**
 * Measures how long softirqs waited and how long they ran, by vector, in the kernel: NET_RX handles what came in, NET_TX ends what went out. Each softirq costs the host
 * some microseconds: the result says how much it was.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `vectors`, one or several names such as NET_RX (default all); `by`, any of vector, cpu, ksoftirqd
 * (default vector).
 *
 * Columns:
 * - `vector` VARCHAR: which softirq, as /proc/softirqs names it
 * - `interval` VARCHAR: waiting: from its raise until it runs; running: from its begin to its end
 * - `count` BIGINT: samples
 * - `total_ns` BIGINT, ns: sum of them
 * - `avg_ns` DOUBLE, ns: mean of them
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
 * What a hard interrupt took meanwhile is in `running`. A softirq that was raised before the probe began counts in `running` alone; one that is raised again while it waits waits since the first time. A long wait with `ksoftirqd`
 * true means that the CPU was given to threads first.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await softirqSummary(host, { seconds: 10, vectors: "NET_RX", by: ["cpu", "ksoftirqd"] })
 */
export const softirqSummary: Probe<SoftirqSummaryParameters, "frame"> = defineHistogram({
  name: "softirqSummary",
  revision: 1,
  measures: "how long softirqs waited and ran, as a distribution that the kernel keeps",
  hooks,
  filters: {
    vectors: filter({
      schema: z.union([z.enum(vectors), z.array(z.enum(vectors)).min(1)]),
      meaning: "one vector or several, as /proc/softirqs names them: `NET_RX`",
      test: (given) =>
        bpf`(${joined(
          [given].flat().map((name) => bpf`${vector} == ${vectors.indexOf(name)}`),
          " || ",
        )})`,
    }),
  },
  by: {
    vector: field({
      name: "vector",
      type: "VARCHAR",
      meaning: "which softirq, as /proc/softirqs names it",
      say: () => vector,
      read: ([number = ""]) => vectors[Number(number)] ?? `VECTOR_${number}`,
    }),
    cpu: field({ name: "cpu", type: "INTEGER", meaning: "CPU that it ran on", say: () => bpf`cpu` }),
    ksoftirqd: field({
      name: "ksoftirqd",
      type: "BOOLEAN",
      meaning: "ran in the thread that takes over when there is too much of it",
      say: () => bpf`(strncmp(comm, "ksoftirqd", 9) == 0 ? 1 : 0)`,
    }),
  },
  usual: ["vector"],
  intervals: { waiting: "from its raise until it runs", running: "from its begin to its end" },
  program({ on, filtered, sample }) {
    const here = [bpf`cpu`, vector] as const;
    const now = bpf`$now`;
    const clause = (hook: string, body: (at: HookAt) => Bpf) =>
      on(hook, (at) => bpf`${vector} = ${at.arg("vec")}; ${filtered(at, bpf``, body(at))}`);
    return [
      clause(raised, () => bpf`if (${pending.at(...here)} == 0) { ${pending.at(...here)} = nsecs; }`),
      clause(
        entered,
        (at) => bpf`${now} = nsecs; ${began.at(...here)} = ${now};
  $since = ${pending.at(...here)}; if ($since == 0) { return; }
  delete(${pending.at(...here)});
  ${sample(at, "waiting", bpf`$since`, now)}`,
      ),
      clause(
        left,
        (at) => bpf`${now} = nsecs; $since = ${began.at(...here)}; if ($since == 0) { return; }
  delete(${began.at(...here)});
  ${sample(at, "running", bpf`$since`, now)}`,
      ),
    ];
  },
});
