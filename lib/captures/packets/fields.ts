import { byHeader, byMark, byVersion, type Split } from "./split.js";

/**
 * tshark's columns in the order of its output. Each one costs tshark time for every packet, and the more there are the more each costs: so
 * fields whose values can be told apart share one, as `first||second`, and tshark prints all values of the first, then those of the second.
 */
export const fields: string[] = [];

/** Whole numbers that every header of their kind has, in the order of the header. */
const headers = [
  ["frame.len", "frame.cap_len"],
  ["sll.pkttype", "sll.ifindex"],
  ["ip.id", "ip.flags.mf", "ip.frag_offset", "ip.ttl"],
  ["ipv6.fraghdr.offset", "ipv6.fraghdr.more", "ipv6.fraghdr.ident"],
  ["icmp.type", "icmp.code"],
  ["icmpv6.type", "icmpv6.code"],
  ["icmp.ident", "icmp.seq"],
  ["icmpv6.echo.identifier", "icmpv6.echo.sequence_number"],
  ["udp.srcport", "udp.dstport", "udp.length"],
  ["tcp.srcport", "tcp.dstport"],
  ["tcp.seq", "tcp.seq_raw", "tcp.ack", "tcp.flags", "tcp.window_size"],
  ["tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr"],
  ["tcp.options.sack_le", "tcp.options.sack_re"],
  ["tcp.options.sack.dsack_le", "tcp.options.sack.dsack_re"],
];

/** Addresses of IPv4 and of IPv6. */
const versions = [
  ["ip.src", "ipv6.src"],
  ["ip.dst", "ipv6.dst"],
];

/** A time, and a mark that is there or not. */
const marks = [
  ["frame.time_epoch", "tcp.analysis.lost_segment"],
  ["dns.time", "tcp.analysis.out_of_order"],
  ["tcp.analysis.initial_rtt", "tcp.analysis.zero_window"],
  ["tcp.analysis.ack_rtt", "tcp.analysis.ack_lost_segment"],
  ["tcp.analysis.rto", "tcp.analysis.retransmission"],
  ["icmp.resptime", "tcp.analysis.keep_alive"],
  ["icmpv6.resptime", "tcp.analysis.window_full"],
];

/** What a column of the output holds. */
export interface Printed {
  /** Places of its fields in a row. */
  places: readonly number[];
  /** How they are told apart; null for a field of its own. */
  split: Split | null;
}

interface Group {
  names: readonly string[];
  split: Split | null;
}

const shared = new Map<string, Group>();
for (const [groups, split] of [
  [headers, byHeader],
  [versions, byVersion],
  [marks, byMark],
] as const) {
  for (const names of groups) for (const name of names) shared.set(name, { names, split });
}

const asked: Group[] = [];
const places = new Map<string, number>();
const printed = new Map<string, Printed>();

/** The place of a tshark field in a row; it joins the output, with those of its column, the first time it is asked for. */
export function field(name: string): number {
  const known = places.get(name);
  if (known !== undefined) return known;
  const group = shared.get(name) ?? { names: [name], split: null };
  for (const each of group.names) places.set(each, places.size);
  asked.push(group);
  fields.push(columnOf(group));
  return places.get(name) as number;
}

// Parts of a file count these anew: they come first, so that the rest of a line is copied as it is.
for (const name of ["frame.number", "tcp.stream", "udp.stream"]) field(name);

/** The columns of an output that has some fields only. */
export function columnsOf(wanted: readonly string[]): string[] {
  return asked.flatMap(({ names, split }) => {
    const some = names.filter((name) => wanted.includes(name));
    return some.length === 0 ? [] : [columnOf({ names: some, split: some.length === 1 ? null : split })];
  });
}

/** What a column of the output holds, by its name. */
export function printedAs(column: string): Printed {
  return printed.get(column) as Printed;
}

/** How many places a row has. */
export function placeCount(): number {
  return places.size;
}

function columnOf({ names, split }: Group): string {
  const column = names.join("||");
  printed.set(column, { places: names.map((name) => places.get(name) as number), split });
  return column;
}
