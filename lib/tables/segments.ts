/** By Table of packets, what gives its TCP segments. */
export const segmentReaders = new WeakMap<object, () => unknown>();

/** What a query over a Table of packets gives has the segments that they have. */
export function sameSegments(packets: object, some: object): void {
  const read = segmentReaders.get(packets);
  if (read !== undefined) segmentReaders.set(some, read);
}
