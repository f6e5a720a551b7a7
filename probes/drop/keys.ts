import type { Target } from "../../lib/probes/index.js";
import type { Column, Value } from "../../lib/tables/index.js";
import type { PacketKind } from "../packet/fields.js";
import { flowColumns, flowKey, flowValues, protocolKey, protocolValue } from "../packet/flow.js";
import { stackOf } from "../packet/stack.js";
import { reasonName } from "./hook.js";
import { drop, reasonOfDrop } from "./program.js";

/** By what drops can be counted. */
export const dropKeys = ["reason", "site", "device", "protocol", "flow", "stack"] as const;
export type DropKey = (typeof dropKeys)[number];

/** Kernel functions of a stack that is counted by. */
const stackDepth = 16;

/** One part of the key of a map of drops: how the program says it, how bpftrace prints it, what is made of that. */
interface KeyPart {
  columns: readonly Column[];
  program(kind: PacketKind, target: Target): string[];
  printed: RegExp;
  values(words: readonly string[], target: Target): Value[];
}

const integers = (count: number) => new RegExp(Array(count).fill("(-?\\d+)").join(","));

export const keyParts: Record<DropKey, KeyPart> = {
  reason: {
    columns: [
      {
        name: "reason",
        type: "VARCHAR",
        meaning: "why, as the host's kernel names it; null where it gives no reasons",
      },
    ],
    program: (_, target) => [reasonOfDrop(target)],
    printed: /([^,]*)/,
    values: ([reason = ""], target) => [reasonName(target, reason)],
  },
  site: {
    columns: [{ name: "site", type: "VARCHAR", meaning: "kernel function that dropped the packet" }],
    program: () => [drop.site],
    printed: /([^,]*)/,
    values: ([site = ""]) => [site],
  },
  device: {
    columns: [
      {
        name: "device",
        type: "VARCHAR",
        meaning: "network interface the packet was on; null where it had none",
      },
    ],
    program: () => [drop.device],
    // The only part that may have a comma in it; all that follows has none, and is as long as it is.
    printed: /(.*?)/,
    values: ([device = ""]) => [device || null],
  },
  protocol: {
    columns: flowColumns.filter(({ name }) => name === "protocol"),
    program: (kind) => protocolKey(kind, drop.etherType),
    printed: integers(2),
    values: (words) => [protocolValue(words)],
  },
  flow: {
    columns: flowColumns,
    program: (kind) => flowKey(kind, drop.etherType),
    printed: integers(9),
    values: flowValues,
  },
  stack: {
    columns: [
      {
        name: "stack",
        type: "VARCHAR",
        meaning: `kernel functions, innermost first, ${stackDepth} at most; null where the kernel could not take it`,
      },
    ],
    program: () => [`kstack(${stackDepth})`],
    printed: /([\s\S]*)/,
    values: ([stack = ""]) => [stackOf(stack)],
  },
};

/**
 * The key of a map of drops. One function can drop in several places, which bpftrace prints as many equal keys, of which JSON keeps one: the
 * address behind the site tells them apart.
 */
export function keyProgram(by: readonly DropKey[], kind: PacketKind, target: Target): string {
  const part = (key: DropKey) => keyParts[key].program(kind, target);
  const address = by.includes("site") ? [drop.address] : [];
  const { before, after } = around(by);
  return [...before.flatMap(part), ...address, ...after.flatMap(part)].join(", ");
}

/** Reads printed keys: the values of each part, in the order of `by`. */
export function keyReader(by: readonly DropKey[], target: Target): (key: string) => Value[] {
  const { before, after } = around(by);
  const address = by.includes("site") ? [/(?:\w+)/] : [];
  const order = [...before, ...after];
  const patterns = [...before.map(printed), ...address, ...after.map(printed)];
  const whole = new RegExp(`^${patterns.map(({ source }) => source).join(",")}$`);
  return (key) => {
    const words = (whole.exec(key) as RegExpExecArray).slice(1);
    const values = new Map<DropKey, Value[]>();
    for (const part of order) {
      const own = words.splice(0, wordsOf(part));
      values.set(part, keyParts[part].values(own, target));
    }
    return by.flatMap((part) => values.get(part) ?? []);
  };
}

const printed = (key: DropKey) => keyParts[key].printed;

function wordsOf(key: DropKey): number {
  return printed(key).source.match(/\((?!\?:)/g)?.length ?? 0;
}

/** In the order of {@link dropKeys}: what stands before and behind the address; a stack is printed on lines of its own, so it is the last. */
function around(by: readonly DropKey[]): { before: DropKey[]; after: DropKey[] } {
  const present = dropKeys.filter((key) => by.includes(key));
  return {
    before: present.filter((key) => key !== "stack"),
    after: present.filter((key) => key === "stack"),
  };
}
