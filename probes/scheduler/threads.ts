import { z } from "zod";
import {
  type Bpf,
  type BpfMap,
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
  command as running,
  stackOf,
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

/** Of a thread that runs, the same as {@link commandField}. */
export const runningCommandField: Field = field({
  name: "command",
  type: "VARCHAR",
  meaning: "name of the thread",
  words: ["text"],
  say: () => running,
});

/** The stack of a program that is kept by thread. */
export const keptStackField = (kept: BpfMap): Field =>
  field({
    name: "user_stack",
    type: "VARCHAR",
    meaning: userStackMeaning,
    words: ["stack"],
    say: () => kept.stackAt(thread),
    read: ([stack = ""]) => stackOf(stack),
  });

/** What {@link runningCommandField} and {@link keptStackField} can't be in one key of. */
export const refuseCommandAndStack = (instead: string) => (keys: readonly string[]) =>
  keys.includes("command") && keys.includes("user_stack")
    ? `command and user_stack can't be told apart in a key: take ${instead}`
    : undefined;

/** An address as `/proc/PID/maps` writes it; null where none is known. */
export const hexadecimal = ([address = "0"]: readonly string[]) =>
  address === "0" ? null : `0x${BigInt.asUintN(64, BigInt(address)).toString(16)}`;

/** How deep stacks are that `by` asks for. */
export const stacksParameter = z
  .int()
  .min(1)
  .max(64)
  .default(16)
  .describe("how many functions deep stacks are, where `by` has them");

/** Statements that forget what maps keep of the thread: those that end would fill them. */
export const forget = (...kept: readonly BpfMap[]): Bpf =>
  joined(
    kept.map((map) => bpf`delete(${map.at(thread)});`),
    " ",
  );
