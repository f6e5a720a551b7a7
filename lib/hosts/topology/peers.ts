import type { Seen } from "./links.js";
import { keyOf } from "./model.js";

/** Kinds whose link is the other end of a pair; the link of others is what they are stacked on. */
const pairs = new Set(["veth", "netkit"]);

/**
 * Ties the ends of veth pairs together, and stacked devices to what they stand on. A namespace says of the other end its interface
 * index and a namespace id of its own making. Where that id has no name, the pair is found by the indexes that both ends say, if there
 * is but one such pair; what is learnt so of an id holds for all other devices of that namespace.
 */
export function tie(seen: readonly Seen[], ids: Map<string, Map<number, string>>): void {
  const byIndex = new Map<number, Seen[]>();
  for (const one of seen) {
    const index = one.device.ifindex ?? 0;
    byIndex.set(index, [...(byIndex.get(index) ?? []), one]);
  }
  let open = seen.filter(({ link }) => link.index !== null || link.name !== null);
  for (let before = -1; open.length !== before; ) {
    before = open.length;
    open = open.filter((one) => !tied(one, byIndex, ids));
  }
}

function tied(one: Seen, byIndex: Map<number, Seen[]>, ids: Map<string, Map<number, string>>): boolean {
  const { device, link } = one;
  const known = link.nsid === null ? device.netns : ids.get(device.netns)?.get(link.nsid);
  const key =
    link.name !== null
      ? keyOf(device.netns, link.name)
      : known === undefined
        ? reciprocal(one, byIndex, ids)
        : byIndex.get(link.index ?? 0)?.find((other) => other.device.netns === known)?.device.key;
  if (key === undefined) return false;
  if (pairs.has(device.kind)) device.peer = key;
  else device.lower = key;
  return true;
}

/** The other end of a pair by the indexes alone; null as long as there are several. */
function reciprocal(
  { device, link }: Seen,
  byIndex: Map<number, Seen[]>,
  ids: Map<string, Map<number, string>>,
): string | undefined {
  if (!pairs.has(device.kind)) return undefined;
  const candidates = (byIndex.get(link.index ?? 0) ?? []).filter((other) => {
    if (other.device.netns === device.netns || other.device.kind !== device.kind) return false;
    const back = other.link.nsid === null ? undefined : ids.get(other.device.netns)?.get(other.link.nsid);
    return other.link.index === device.ifindex && (back === undefined || back === device.netns);
  });
  const [only] = candidates;
  if (only === undefined || candidates.length > 1) return undefined;
  learn(ids, device.netns, link.nsid, only.device.netns);
  return only.device.key;
}

function learn(
  ids: Map<string, Map<number, string>>,
  netns: string,
  nsid: number | null,
  other: string,
): void {
  if (nsid !== null) ids.get(netns)?.set(nsid, other);
}
