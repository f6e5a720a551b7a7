/** No path is longer, and ordinary packets start with more hops. */
export const maxHops = 40;
/** So many different times to live of one sender to one target, none above the longest path, trace it. */
export const leastHops = 3;
