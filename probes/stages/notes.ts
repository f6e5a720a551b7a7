import { linkNames } from "../../lib/hosts/index.js";
import type { Target } from "../../lib/probes/index.js";
import type { StageFilter } from "./parameters.js";
import { expandHead } from "./stages.js";

/** What a reader must know of packets that were followed on this very host. */
export function stageNotes({ host, snapshot, hooks }: Target, { from, to, netns }: StageFilter): string[] {
  const known = netns === undefined ? linkNames(snapshot.links) : null;
  const asked = [from, to].flatMap((side) => (side === "stack" ? [] : side));
  // No error, since a machine may have been started since.
  const absent = known === null ? [] : asked.filter((device) => !known.includes(device));
  return [
    ...(absent.length === 0
      ? []
      : [
          `${host} had no device ${absent.join(", ")} when it was first asked: where there is none nothing is seen, and nothing proven`,
        ]),
    ...(hooks.has(`kprobe:${expandHead}`)
      ? []
      : [
          `${host} has no kprobe on ${expandHead}: a packet whose headers get other memory on the way, as of TCP that a container of this host sends and it forwards, or one that gets into a tunnel, counts as lost`,
        ]),
  ];
}
