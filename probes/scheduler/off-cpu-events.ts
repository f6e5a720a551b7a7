import { z } from "zod";
import { bpf, defineRows, field, type Probe } from "../../lib/probes/index.js";
import type { OffCpuEventsParameters } from "../parameters.js";
import {
  kernelStackField,
  off,
  offCpuClause,
  offCpuFilters,
  processField,
  stateField,
  switched,
  userStackField,
} from "./off-cpu.js";
import { commandField, cpuField, readCommand, slowerThanUs, threadField } from "./threads.js";

/**
 * Shows the times that threads were off their CPU for long, one row each, when they run again: with the state that they were in, and where in the kernel and in their program they were. Look at {@link offCpuSummary} first.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `slowerThanUs`, from leaving the CPU until running again (default 1,000; 0 for all); `threads`, up to 16 numbers as `ps -eLo tid` has
 * them; `command` that a thread has as its name; `process`, its number (default all threads); `stacks`, how many functions deep (default 16; 0 for none); `maxEvents` (default 10,000:
 * rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `process` BIGINT: number of its process
 * - `thread` BIGINT: number of the thread
 * - `command` VARCHAR: name of the thread
 * - `cpu` INTEGER: CPU that it then ran on
 * - `state` VARCHAR: state that it was in, as `ps` shows it: S waits and can be interrupted, D waits and can't, T was stopped, I
 *   is an idle thread of the kernel, R could have gone on
 * - `off_ns` BIGINT, ns: from when it left its CPU until it ran again
 * - `stack` VARCHAR: functions of the kernel that it was in, innermost first; null: not taken
 * - `user_stack` VARCHAR: addresses of the program's functions that it was in, innermost first: `/proc/PID/maps` says in which
 *   file; null: not taken
 *
 * A thread that slept already as the probe began has no row for that time, nor one that still sleeps as it ends.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await offCpuEvents(host, { seconds: 10, process: 4242, slowerThanUs: 10_000 })
 */
export const offCpuEvents: Probe<OffCpuEventsParameters, "table"> = defineRows({
  name: "offCpuEvents",
  revision: 1,
  measures: "times that threads were off their CPU for long, one row each",
  hooks: { required: [switched] },
  summary: "offCpuSummary",
  mapKeys: 65_536,
  filters: offCpuFilters,
  parameters: {
    slowerThanUs: slowerThanUs("from leaving the CPU until running again"),
    stacks: z.int().min(0).max(64).default(16).describe("how many functions deep stacks are; 0 for none"),
  },
  fields: ({ stacks }) => [
    processField,
    threadField,
    commandField,
    cpuField,
    stateField,
    field({
      name: "off_ns",
      type: "BIGINT",
      unit: "ns",
      meaning: "from when it left its CPU until it ran again",
      say: () => bpf`${off.now} - ${off.since}`,
    }),
    kernelStackField(stacks > 0),
    userStackField(stacks > 0),
  ],
  program: ({ emit, parameters, ...writing }) =>
    offCpuClause(writing, {
      byCommand: parameters.command !== undefined,
      withProcess: true,
      kernel: parameters.stacks,
      user: parameters.stacks,
      atReturn: (at) => bpf`if (${off.now} - ${off.since} >= ${parameters.slowerThanUs * 1_000}) {
  ${readCommand(at, "next_comm")}
  ${emit(at)} }`,
    }),
});
