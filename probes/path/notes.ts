import { linkNames } from "../../lib/hosts/index.js";
import type { Target } from "../../lib/probes/index.js";

/** What a reader must know of a path that was traced on this very host. */
export function pathNotes(
  { host, snapshot }: Target,
  { from, to, netns }: { from: readonly string[]; to: readonly string[]; netns?: number | undefined },
): string[] {
  if (snapshot.netns === undefined)
    return [`${host} did not say its network namespace: devices of these names in others are seen, too`];
  const known = netns === undefined ? linkNames(snapshot.links) : null;
  // No error, since a machine may have been started since.
  const absent = known === null ? [] : [...from, ...to].filter((device) => !known.includes(device));
  return absent.length === 0
    ? []
    : [
        `${host} had no device ${absent.join(", ")} when it was first asked: where there is none nothing is seen, and nothing proven`,
      ];
}
