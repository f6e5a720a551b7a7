import type { Maps } from "../../field.js";
import { type Bpf, bpf } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";

/**
 * What becomes of packets where they are seen:
 * - `seen`: where a way begins;
 * - `mixed`: completed, with others of the same key on their way, so that its latency isn't known;
 * - `repeated`: came in while one of the same key was on its way;
 * - `unexpected`: seen without what has to come before it;
 * - `unfollowed`: no room to follow it;
 * - `merged`: stands for several segments;
 * - `late`: given up for a newer one of the same key.
 */
export type StageCounter = "seen" | "mixed" | "repeated" | "unexpected" | "unfollowed" | "merged" | "late";

const mapOf = (counter: StageCounter, stage: number) => new BpfMap(`${counter}_${stage}`, true);

/** Statement that adds one, or several, where the stage is known when the program is written. */
export function add(counter: StageCounter, stage: number, packets?: Bpf): Bpf {
  const map = mapOf(counter, stage).at();
  return packets === undefined ? bpf`${map} = count();` : bpf`${map} = sum(${packets});`;
}

/** How many a program counted. */
export function counted(maps: Maps, counter: StageCounter, stage: number): number {
  return Number(maps.get(mapOf(counter, stage).name)?.get("") ?? 0);
}
