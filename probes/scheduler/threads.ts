import { z } from "zod";
import {
  type Bpf,
  bpf,
  type Field,
  field,
  filter,
  type HookAt,
  isNamed,
  joined,
  type NameWords,
  nameOf,
  numbers,
} from "../../lib/probes/index.js";

/** The thread whose turn it is to be looked at, and the two words of its command's name. */
export const thread = bpf`$thread`;
export const command: NameWords = { first: bpf`$command1`, second: bpf`$command2` };

const threadNumber = z.int().min(1).max(4_194_304);
const commandName = z
  .string()
  .regex(/^[\x20-\x7e]{1,15}$/, "has to be 1 to 15 printable characters, as many as the kernel keeps");

/** Which threads are looked at. */
export const threadFilters = {
  threads: filter({
    schema: z.union([threadNumber, z.array(threadNumber).min(1).max(16)]),
    meaning: "threads, by the number that `ps -eLo tid` shows: one, or up to 16",
    test: (given) =>
      bpf`(${joined(
        [given].flat().map((one) => bpf`${thread} == ${one}`),
        " || ",
      )})`,
  }),
  command: filter({
    schema: commandName,
    meaning: "threads of this name, as `ps -eLo comm` shows it",
    test: (given) => isNamed(command, given),
  }),
};

/** Statements that read a command's name of a tracepoint's record. */
export function readCommand(at: HookAt, which: string): Bpf {
  const { first, second } = at.argName(which);
  return bpf`${command.first} = ${first}; ${command.second} = ${second};`;
}

export const threadField: Field = field({
  name: "thread",
  type: "BIGINT",
  meaning: "number of the thread",
  say: () => thread,
});

export const commandField: Field = field({
  name: "command",
  type: "VARCHAR",
  meaning: "name of the thread",
  words: numbers(2),
  say: () => [command.first, command.second],
  read: ([first = "0", second = "0"]) => nameOf(first, second),
});

export const cpuField: Field = field({
  name: "cpu",
  type: "INTEGER",
  meaning: "CPU that it then ran on",
  say: () => bpf`cpu`,
});

/** What a probe of events leaves out. */
export function slowerThanUs(what: string) {
  return z
    .int()
    .min(0)
    .max(1_000_000_000)
    .default(1_000)
    .describe(`only what took at least so many microseconds ${what}; 0 for all`);
}

/** Of a column with the stack of a program: bpftrace could name the functions only where its libbcc is sound. */
export const userStackMeaning =
  "addresses of the program's functions that it was in, innermost first: `/proc/PID/maps` says in which file; null: not taken";
