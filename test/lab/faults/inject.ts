import type { Host } from "../../../lib/index.js";
import { script } from "../script.js";
import type { Injectable } from "./fault.js";

/** A fault in its place. */
export interface Injected {
  /** Sends the packets that it hurts, and says how many it did, by a counter that the probes don't read. */
  hurt(): Promise<number>;
  undo(): Promise<void>;
}

/** What every script of a fault may call: `T` for traffic from the host, `C` from the client. */
const prelude =
  "T=/mnt/traffic; C='nsenter --net=/run/netns/client /mnt/traffic'; V='nsenter --net=/run/netns/vm1 /mnt/traffic'; L=/mnt/late";

/** Packets that are still under way when the sender is done. */
const settle = "sleep 0.3";

/** Puts a fault into a host. What is only half there is taken away again. */
export async function inject(host: Host, fault: Injectable): Promise<Injected> {
  const undo = () => run(host, fault, fault.undo).then(() => {});
  try {
    await run(host, fault, fault.put);
  } catch (error) {
    await undo().catch(() => {});
    throw error;
  }
  return {
    async hurt() {
      const count = fault.counter === undefined ? [] : [`echo "counter $(${fault.counter})"`];
      const said = await run(host, fault, [...count, ...fault.hurt, settle, ...count]);
      if (fault.counter === undefined) return numbers(said, "sent").reduce((sum, one) => sum + one, 0);
      const [before, after] = numbers(said, "counter");
      if (before === undefined || after === undefined)
        throw new Error(`the counter of ${fault.name} isn't a number: ${said}`);
      return after - before;
    },
    undo,
  };
}

/** Runs a part of a fault's script, and returns what that said. */
export async function run(
  host: Host,
  fault: Pick<Injectable, "name">,
  lines: readonly string[],
): Promise<string> {
  return script(host, [prelude, ...lines], `the fault ${fault.name}`);
}

/** The numbers that lines of what was said have behind a word. */
export function numbers(text: string, word: string): number[] {
  return [...text.matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))].map((match) => Number(match[1]));
}
