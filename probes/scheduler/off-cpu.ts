import { z } from "zod";
import {
  type Bpf,
  BpfMap,
  bpf,
  type Field,
  field,
  filter,
  type HookAt,
  kernelStack,
  stackOf,
  userStack,
  type Writing,
} from "../../lib/probes/index.js";
import { readCommand, thread, threadFilters, userStackMeaning } from "./threads.js";

export const switched = "tracepoint:sched:sched_switch";

/** By thread, when it left its CPU: when that was, in which state, of which process, and where it was. */
const offSince = new BpfMap("off", false);
const stateThen = new BpfMap("state", false);
const processThen = new BpfMap("process", false);
const kernelThen = new BpfMap("kernel", false);
const userThen = new BpfMap("user", false);

/** Of {@link thread}, when it runs again: when it left its CPU, and what the time is. */
export const off = { since: bpf`$since`, now: bpf`$now` };

/** Whether the thread could have gone on. */
export const wasPreempted: Bpf = bpf`$runnable`;

export const offCpuFilters = {
  ...threadFilters,
  process: filter({
    schema: z.int().min(1).max(4_194_304),
    meaning: "threads of this process, by the number that `ps -e` shows",
    test: (given) => bpf`pid == ${given}`,
  }),
};

/** By their bits, as the kernel prints them (include/trace/events/sched.h). */
const states = ["S", "D", "T", "t", "X", "Z", "P", "I"];

export const stateField: Field = field({
  name: "state",
  type: "VARCHAR",
  meaning:
    "state that it was in, as `ps` shows it: S waits and can be interrupted, D waits and can't, T was stopped, I is an idle thread of the kernel, R could have gone on",
  say: () => bpf`${stateThen.at(thread)} & 0xff`,
  read: ([bits = "0"]) => (bits === "0" ? "R" : (states[Math.log2(Number(bits))] ?? null)),
});

export const processField: Field = field({
  name: "process",
  type: "BIGINT",
  meaning: "number of its process",
  say: () => processThen.at(thread),
});

const stackField = (name: string, meaning: string, kept: BpfMap) => (isAsked: boolean) =>
  field({
    name,
    type: "VARCHAR",
    meaning,
    words: isAsked ? ["stack"] : [],
    say: () => (isAsked ? kept.stackAt(thread) : []),
    read: ([stack = ""]) => stackOf(stack),
  });

export const kernelStackField = stackField(
  "stack",
  "functions of the kernel that it was in, innermost first; null: not taken",
  kernelThen,
);
export const userStackField = stackField("user_stack", userStackMeaning, userThen);

/** What is kept and done. */
interface OffCpuOptions {
  byCommand: boolean;
  withProcess: boolean;
  /** How deep stacks are; 0 for none. */
  kernel: number;
  user: number;
  /** When the thread runs again, with {@link off} set. */
  atReturn(at: HookAt): Bpf;
}

/** The clause of a probe of what threads do off their CPU. Of threads that nobody asked for nothing is kept. */
export function offCpuClause(
  { on, filtered }: Pick<Writing<unknown>, "on" | "filtered">,
  { byCommand, withProcess, kernel, user, atReturn }: OffCpuOptions,
): Bpf {
  const keep = bpf`${stateThen.at(thread)} = ${bpf`$left`};
  ${withProcess ? bpf`${processThen.at(thread)} = pid;` : bpf``}
  ${kernel > 0 ? bpf`${kernelThen.at(thread)} = ${kernelStack(kernel)};` : bpf``}
  ${user > 0 ? bpf`${userThen.at(thread)} = ${userStack(user)};` : bpf``}
  ${offSince.at(thread)} = ${off.now};`;
  return on(
    switched,
    // One that ends (X, Z) does not come back; the idle threads are never away.
    (at) => bpf`${off.now} = nsecs; ${thread} = ${at.arg("next_pid")}; ${off.since} = ${offSince.at(thread)};
  if (${off.since} > 0) {
  delete(${offSince.at(thread)}); ${wasPreempted} = 0; if ((${stateThen.at(thread)} & 0xff) == 0) { ${wasPreempted} = 1; }
  ${atReturn(at)} }
  ${thread} = ${at.arg("prev_pid")}; $left = ${at.arg("prev_state")};
  if (${thread} == 0 || ($left & 0x30) != 0) { return; }
  ${filtered(at, byCommand ? readCommand(at, "prev_comm") : bpf``, keep)}`,
  );
}
