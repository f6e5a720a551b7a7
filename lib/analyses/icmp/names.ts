/** ICMP errors by name: version, type, code (null: any), name. IANA: ICMP Parameters, ICMPv6 Parameters. */
const errors: [4 | 6, number, number | null, string][] = [
  [4, 3, 0, "network unreachable"],
  [4, 3, 1, "host unreachable"],
  [4, 3, 2, "protocol unreachable"],
  [4, 3, 3, "port unreachable"],
  [4, 3, 4, "fragmentation needed"],
  [4, 3, 5, "source route failed"],
  [4, 3, 6, "network unknown"],
  [4, 3, 7, "host unknown"],
  [4, 3, 8, "source host isolated"],
  [4, 3, 9, "network prohibited"],
  [4, 3, 10, "host prohibited"],
  [4, 3, 11, "network unreachable for this type of service"],
  [4, 3, 12, "host unreachable for this type of service"],
  [4, 3, 13, "communication prohibited"],
  [4, 3, 14, "host precedence violation"],
  [4, 3, 15, "precedence cutoff in effect"],
  [4, 3, null, "destination unreachable"],
  [4, 4, null, "source quench"],
  [4, 5, null, "redirect"],
  [4, 11, 0, "time to live exceeded"],
  [4, 11, 1, "reassembly time exceeded"],
  [4, 12, null, "parameter problem"],
  [6, 1, 0, "no route"],
  [6, 1, 1, "communication prohibited"],
  [6, 1, 2, "beyond scope of source address"],
  [6, 1, 3, "address unreachable"],
  [6, 1, 4, "port unreachable"],
  [6, 1, 5, "source address failed policy"],
  [6, 1, 6, "route rejected"],
  [6, 1, null, "destination unreachable"],
  [6, 2, null, "packet too big"],
  [6, 3, 0, "hop limit exceeded"],
  [6, 3, 1, "reassembly time exceeded"],
  [6, 4, null, "parameter problem"],
  [6, 137, null, "redirect"],
];

/** The name of an error, in SQL over columns of its transport (icmp, icmpv6), type and code. */
export function errorName(transport: string, type: string, code: string): string {
  const cases = errors.map(
    ([version, number, detail, name]) =>
      `WHEN ${transport} = '${version === 4 ? "icmp" : "icmpv6"}' AND ${type} = ${number}${detail === null ? "" : ` AND ${code} = ${detail}`} THEN '${name}'`,
  );
  return `CASE ${cases.join(" ")} WHEN ${type} IS NOT NULL THEN 'type ' || ${type} || ' code ' || ${code} END`;
}
