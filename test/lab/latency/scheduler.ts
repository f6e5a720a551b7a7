import type { LatencyFault } from "./fault.js";
import { futexes, offCpu, runQueues, wakeups } from "./watches.js";

// Threads that are late: woken, stopped, held back, behind a lock.

const receiver = "late-receiver";
const spinner = "late-spinner";
const port = 4008;

const receives = {
  ready: [
    `/mnt/background receiver $L receive ${port} 1`,
    "until grep -q ready /run/lab/receiver.log; do sleep 0.1; done",
  ],
  after: ["/mnt/finish receiver"],
};

export const schedulerFaults: readonly LatencyFault[] = [
  {
    name: "cpu-hog-beside-receiver",
    ms: 30,
    ...receives,
    late: [`$L wake ${port} 1 40 30`],
    calm: [`$L wake ${port} 1 40 0`],
    looks: [
      { watch: wakeups(receiver), grows: [{ label: "queued" }, { label: "whole" }] },
      { watch: runQueues(receiver), grows: [{ label: "woken" }] },
    ],
  },
  {
    name: "stopped-process",
    ms: 40,
    ...receives,
    late: ["$L stop $(cat /run/lab/receiver.pid) 40 40"],
    calm: ["$L stop $(cat /run/lab/receiver.pid) 40 0"],
    looks: [{ watch: offCpu(receiver), grows: [{ label: "T blocked" }], open: ["S blocked"] }],
  },
  {
    name: "cpu-quota",
    ms: 60,
    late: ["$L throttle 1 4 20"],
    calm: ["$L throttle 1 4 0"],
    looks: [
      { watch: offCpu(spinner), grows: [{ label: "R preempted", at: "p99" }] },
      { watch: runQueues(spinner), grows: [{ label: "preempted", at: "p99" }], open: ["woken"] },
    ],
  },
  {
    name: "held-lock",
    ms: 40,
    late: ["$L lock 40 40"],
    calm: ["$L lock 40 0"],
    looks: [{ watch: futexes("late-waiter"), grows: [{ label: "WAIT_BITSET", at: "p99" }] }],
  },
];
