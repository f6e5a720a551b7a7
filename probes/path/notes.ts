import type { Target } from "../../lib/probes/index.js";

/** What a reader must know of a path that was traced on this very host. */
export function pathNotes({ host, snapshot }: Target): string[] {
  return snapshot.netns === undefined
    ? [`${host} did not say its network namespace: devices of these names in others are seen, too`]
    : [];
}
