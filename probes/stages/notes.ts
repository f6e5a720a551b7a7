import { absentNotes, type Target } from "../../lib/probes/index.js";
import type { StageFilter } from "./parameters.js";
import { expandHead } from "./stages.js";

/** What a reader must know of packets that were followed on this very host. */
export function stageNotes(target: Target, { from, to, netns }: StageFilter): string[] {
  const { host, hooks } = target;
  const asked = [from, to].flatMap((side) => (side === "stack" ? [] : side));
  return [
    ...absentNotes(target, asked, netns),
    ...(hooks.has(`kprobe:${expandHead}`)
      ? []
      : [
          `${host} has no kprobe on ${expandHead}: a packet whose headers get other memory on the way, as of TCP that a container of this host sends and it forwards, or one that gets into a tunnel, counts as lost`,
        ]),
  ];
}
