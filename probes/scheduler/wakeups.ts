import {
  type Bpf,
  BpfMap,
  bpf,
  type Field,
  field,
  type HookAt,
  type Hooks,
  type Writing,
} from "../../lib/probes/index.js";
import { readCommand, thread } from "./threads.js";

// A wake-up has three moments: sched_waking in the waker, sched_wakeup when the thread is in the run queue of the CPU that was chosen for it, which is in an interrupt of
// that CPU where it was asleep, and sched_switch when it runs.

const waking = "tracepoint:sched:sched_waking";
const woken = "tracepoint:sched:sched_wakeup";
const switched = "tracepoint:sched:sched_switch";
const idle = "tracepoint:power:cpu_idle";

export const wakeupHooks: Hooks = { required: [waking, woken, switched], optional: [idle] };

/** By thread. A thread can't be woken again before it has run, so that both are of one wake-up. */
const wakingAt = new BpfMap("waking", false);
const queuedAt = new BpfMap("queued", false);
/** By CPU: the state of idleness that it went into last, plus 1, and when it came out of one. */
const idleState = new BpfMap("idle", false);
const idleLeft = new BpfMap("idle_left", false);

/** Number of the state of idleness that the CPU left since the thread was woken, plus 1; 0 where it left none. */
const leftState = bpf`$idle`;

/** Of the wake-up of {@link thread}, when it runs. */
export const moments = { waking: bpf`$waking`, queued: bpf`$queued`, running: bpf`$now` };

export const idleStateField: Field = field({
  name: "idle_state",
  type: "VARCHAR",
  meaning:
    "state of idleness that the CPU came out of for it, as its folder in /sys/devices/system/cpu/cpu0/cpuidle is named; none: the CPU was not idle; null: the kernel does not say",
  say: () => leftState,
  read: ([state = "0"], { target }) =>
    !target.hooks.has(idle) ? null : state === "0" ? "none" : `state${Number(state) - 1}`,
});

/** What else is done at the moments of a wake-up. */
interface WakeupOptions {
  /** Whether the filter by name is asked for. */
  byCommand: boolean;
  /** Whether {@link idleStateField} is asked for. */
  withIdle: boolean;
  atWaking?(at: HookAt): Bpf;
  atQueued?(at: HookAt): Bpf;
  /** With the wake-up's moments. */
  atRunning(at: HookAt): Bpf;
}

/** The clauses of a probe of wake-ups. Of threads that nobody asked for nothing is kept. */
export function wakeupClauses(
  { on, has, filtered }: Pick<Writing<unknown>, "on" | "has" | "filtered">,
  { byCommand, withIdle, atWaking, atQueued, atRunning }: WakeupOptions,
): Bpf[] {
  const watchesIdle = withIdle && has(idle);
  const keep = (hook: string, body: (at: HookAt) => Bpf) =>
    on(
      hook,
      (at) => bpf`${thread} = ${at.arg("pid")};
  ${filtered(at, byCommand ? readCommand(at, "comm") : bpf``, body(at))}`,
    );
  const readIdle = watchesIdle
    ? bpf`${leftState} = 0; if (${idleLeft.at(bpf`cpu`)} >= ${moments.waking}) { ${leftState} = ${idleState.at(bpf`cpu`)}; }`
    : bpf`${leftState} = 0;`;
  return [
    // First, since bpftrace has to know what a map holds before it is read.
    ...(watchesIdle
      ? [
          on(
            idle,
            (at) => bpf`$state = ${at.arg("state")} & 0xffffffff;
  if ($state == 0xffffffff) { ${idleLeft.at(bpf`cpu`)} = nsecs; } else { ${idleState.at(bpf`cpu`)} = $state + 1; }`,
          ),
        ]
      : []),
    keep(waking, (at) => bpf`${wakingAt.at(thread)} = nsecs; ${atWaking?.(at) ?? bpf``}`),
    keep(woken, (at) => bpf`${queuedAt.at(thread)} = nsecs; ${atQueued?.(at) ?? bpf``}`),
    on(
      switched,
      // One that is woken while it still runs waits for nothing: its next wait would seem to have begun then.
      (
        at,
      ) => bpf`${thread} = ${at.arg("prev_pid")}; if (${queuedAt.at(thread)} > 0) { delete(${queuedAt.at(thread)}); }
  ${thread} = ${at.arg("next_pid")}; ${moments.queued} = ${queuedAt.at(thread)};
  if (${moments.queued} == 0) { return; }
  delete(${queuedAt.at(thread)});
  ${moments.waking} = ${wakingAt.at(thread)}; if (${moments.waking} == 0) { return; }
  delete(${wakingAt.at(thread)}); ${moments.running} = nsecs;
  ${withIdle ? readIdle : bpf``}
  ${atRunning(at)}`,
    ),
  ];
}
