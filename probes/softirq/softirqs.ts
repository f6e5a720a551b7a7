import { z } from "zod";
import {
  type Bpf,
  BpfMap,
  bpf,
  field,
  filter,
  type HookAt,
  type Hooks,
  joined,
  type Writing,
} from "../../lib/probes/index.js";

const raised = "tracepoint:irq:softirq_raise";
const entered = "tracepoint:irq:softirq_entry";
const left = "tracepoint:irq:softirq_exit";
export const softirqHooks: Hooks = { required: [raised, entered, left] };

/** By vector, since softirqs don't nest on a CPU: when the first raise was that has not been handled, and when the handler began. */
const pending = new BpfMap("pending", false);
const began = new BpfMap("began", false);
const vector = bpf`$vec`;

/** By their numbers, which have been the same since 2.6.26 (include/linux/interrupt.h). */
const vectors = [
  ...(["HI", "TIMER", "NET_TX", "NET_RX", "BLOCK"] as const),
  ...(["IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"] as const),
] as const;

export const softirqFilters = {
  vectors: filter({
    schema: z.union([z.enum(vectors), z.array(z.enum(vectors)).min(1)]),
    meaning: "one vector or several, as /proc/softirqs names them: `NET_RX`",
    test: (given) =>
      bpf`(${joined(
        [given].flat().map((name) => bpf`${vector} == ${vectors.indexOf(name)}`),
        " || ",
      )})`,
  }),
};

export const softirqFields = {
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
};

/** Of a softirq that begins or ends: since when, and what time it is. */
export const [since, now] = [bpf`$since`, bpf`$now`];
/** Which one it is: one at a time of a vector and a CPU. */
export const here = [bpf`cpu`, vector] as const;

/**
 * The clauses that see softirqs.
 *
 * @param actions.waited statements for one that begins, if its raise was seen.
 * @param actions.ran for one that ends, if its begin was seen.
 */
export function softirqClauses(
  { on, filtered }: Pick<Writing<unknown>, "on" | "filtered">,
  actions: { waited(at: HookAt): Bpf; ran(at: HookAt): Bpf },
): Bpf[] {
  const clause = (hook: string, body: (at: HookAt) => Bpf) =>
    on(hook, (at) => bpf`${vector} = ${at.arg("vec")}; ${filtered(at, bpf``, body(at))}`);
  // Attached in this order: a raise that was seen has its begin seen, and a begin its end.
  return [
    clause(
      left,
      (at) => bpf`${now} = nsecs; ${since} = ${began.at(...here)}; if (${since} == 0) { return; }
  delete(${began.at(...here)});
  ${actions.ran(at)}`,
    ),
    clause(
      entered,
      (at) => bpf`${now} = nsecs; ${began.at(...here)} = ${now};
  ${since} = ${pending.at(...here)}; if (${since} == 0) { return; }
  delete(${pending.at(...here)});
  ${actions.waited(at)}`,
    ),
    clause(raised, () => bpf`if (${pending.at(...here)} == 0) { ${pending.at(...here)} = nsecs; }`),
  ];
}
