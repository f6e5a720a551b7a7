/** In SQL: whether an address stands for many (multicast, or broadcast of the local network); null of none. */
export const standsForMany = (address: string) =>
  `regexp_matches(${address}, '^(22[4-9]|23[0-9])[.]|^255[.]255[.]255[.]255$|^ff[0-9a-f]{2}:')`;
