/** Who judges the packets of a Table. */
export const judges = new WeakMap<object, () => unknown>();

/** What a query over a Table of packets gives is judged as they are. */
export function judgedAlike(packets: object, some: object): void {
  const judge = judges.get(packets);
  if (judge !== undefined) judges.set(some, judge);
}
