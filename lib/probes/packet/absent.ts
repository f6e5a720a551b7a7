import { linkNames } from "../../hosts/index.js";
import type { Target } from "../target.js";

/**
 * The note on devices that the host doesn't have: no error, since a machine may have been started since.
 *
 * @param netns the network namespace that they are asked for in; of others than the commands' own nothing is known.
 */
export function absentNotes(
  { host, snapshot }: Target,
  asked: readonly string[],
  netns: number | undefined,
): string[] {
  const known = netns === undefined ? linkNames(snapshot.links) : null;
  const absent = known === null ? [] : asked.filter((device) => !known.includes(device));
  if (absent.length === 0) return [];
  return [
    `${host} had no device ${absent.join(", ")} when it was first asked: where there is none nothing is seen, and nothing proven`,
  ];
}
