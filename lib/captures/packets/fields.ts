import type { FieldSet } from "../fields/index.js";
import { byForm, byHeader, byVersion, type Form, type Split } from "./split.js";

/** Whole numbers that every header of their kind has, in the order of the header. */
const headers = [
  ["frame.len", "frame.cap_len"],
  ["sll.pkttype", "sll.ifindex"],
  ["ip.len", "ip.id", "ip.flags.mf", "ip.frag_offset", "ip.ttl"],
  ["ipv6.plen", "ipv6.hlim"],
  ["ipv6.fraghdr.offset", "ipv6.fraghdr.more", "ipv6.fraghdr.ident"],
  ["icmp.type", "icmp.code"],
  ["icmpv6.type", "icmpv6.code"],
  ["icmp.ident", "icmp.seq"],
  ["icmpv6.echo.identifier", "icmpv6.echo.sequence_number"],
  ["udp.srcport", "udp.dstport", "udp.length"],
  ["tcp.srcport", "tcp.dstport"],
  ["tcp.seq", "tcp.seq_raw", "tcp.ack", "tcp.ack_raw", "tcp.hdr_len", "tcp.flags", "tcp.window_size"],
  ["tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr"],
  ["tcp.options.sack_le", "tcp.options.sack_re"],
  ["tcp.options.sack.dsack_le", "tcp.options.sack.dsack_re"],
];

/** Addresses of IPv4 and of IPv6. */
const versions = [
  ["ip.src", "ipv6.src"],
  ["ip.dst", "ipv6.dst"],
];

/** Fields whose values look different. Behind a fraction or a mark tshark prints no whole number rightly: they come first. */
const forms: Partial<Record<Form, string>>[] = [
  { fraction: "frame.time_epoch", mark: "tcp.analysis.lost_segment" },
  { whole: "tcp.options.wscale.shift", fraction: "dns.time", mark: "tcp.analysis.out_of_order" },
  { whole: "tcp.options.mss_val", fraction: "tcp.analysis.initial_rtt", mark: "tcp.analysis.zero_window" },
  {
    whole: "tcp.analysis.duplicate_ack_num",
    fraction: "tcp.analysis.ack_rtt",
    mark: "tcp.analysis.ack_lost_segment",
  },
  {
    whole: "tcp.analysis.bytes_in_flight",
    fraction: "tcp.analysis.rto",
    mark: "tcp.analysis.retransmission",
  },
  { whole: "tcp.len", mark: "tcp.analysis.fast_retransmission" },
  { whole: "icmp.mtu", mark: "tcp.analysis.spurious_retransmission" },
  { whole: "icmpv6.mtu", mark: "tcp.analysis.zero_window_probe" },
  { number: "icmp.resptime", mark: "tcp.analysis.keep_alive" },
  { number: "icmpv6.resptime", mark: "tcp.analysis.window_full" },
];

/** Fields that share a column of tshark's output. */
interface SharedColumn {
  names: readonly string[];
  /** How the values of those of them that are there are told apart. */
  split(there: readonly string[]): Split;
}

const sharedColumns = new Map<string, SharedColumn>();
const share = (column: SharedColumn) => {
  for (const name of column.names) sharedColumns.set(name, column);
};
for (const names of headers) share({ names, split: () => byHeader });
for (const names of versions) share({ names, split: () => byVersion });
for (const group of forms) {
  const formOf = new Map(Object.entries(group).map(([form, name]) => [name, form as Form]));
  share({
    names: [...formOf.keys()],
    split: (there) => byForm(there.map((name) => formOf.get(name) as Form)),
  });
}

const names: string[] = [];
const places = new Map<string, number>();

/** The place of a tshark field in a row; the fields that share a column with it have the next ones. */
export function field(name: string): number {
  const known = places.get(name);
  if (known !== undefined) return known;
  for (const each of sharedColumns.get(name)?.names ?? [name]) places.set(each, names.push(each) - 1);
  return places.get(name) as number;
}

// Parts of a file count these anew: they come first, so that the rest of a line is copied as it is.
for (const name of ["frame.number", "tcp.stream", "udp.stream"]) field(name);

/** The field at a place. */
export function fieldAt(place: number): string {
  return names[place] as string;
}

/** How many places a row has. */
export function placeCount(): number {
  return names.length;
}

/** A column of tshark's output. */
export interface Printed {
  /** Its fields as they were asked for, joined by `||`. */
  name: string;
  /** What tshark prints for it. */
  column: string;
  /** Places of its fields in a row. */
  places: readonly number[];
  /** How they are told apart; null for a field of its own. */
  split: Split | null;
}

/** Fields in the order of their places, each once. */
export function inOrder(asked: readonly string[]): string[] {
  return [...new Set(asked)].sort((a, b) => field(a) - field(b));
}

/**
 * tshark's columns for some fields, in the order of its output. Each one costs tshark time for every packet, and the more there are the
 * more each costs: so fields whose values can be told apart share one, and tshark prints all values of the first, then those of the
 * second.
 */
export function columnsFor({ names: known, printed }: FieldSet): Printed[] {
  const there = new Set(known);
  return known.flatMap((name, index): Printed[] => {
    const shared = sharedColumns.get(name);
    const some = shared?.names.filter((each) => there.has(each)) ?? [name];
    if (shared === undefined || some.length === 1) {
      return [{ name, column: printed[index] as string, places: [field(name)], split: null }];
    }
    if (name !== some[0]) return [];
    const joined = some.join("||");
    return [{ name: joined, column: joined, places: some.map(field), split: shared.split(some) }];
  });
}
