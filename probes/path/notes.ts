import { absentNotes, type Target } from "../../lib/probes/index.js";

/** What a reader must know of a path that was traced on this very host. */
export function pathNotes(
  target: Target,
  { from, to, netns }: { from: readonly string[]; to: readonly string[]; netns?: number | undefined },
): string[] {
  const { host, snapshot } = target;
  if (snapshot.netns === undefined)
    return [`${host} did not say its network namespace: devices of these names in others are seen, too`];
  return absentNotes(target, [...from, ...to], netns);
}
