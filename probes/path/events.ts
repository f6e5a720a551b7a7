import {
  addressOf,
  bpf,
  defineRows,
  type Field,
  field,
  fields,
  forgetSides,
  ipVersion,
  nameOf,
  numbers,
  type Probe,
  packet,
  whenMerged,
} from "../../lib/probes/index.js";
import type { PathEventsParameters } from "../parameters.js";
import { pathNotes } from "./notes.js";
import { checkPath, type PathFilter, pathParameters } from "./parameters.js";
import { pathClauses, pathHooks, sightings } from "./path.js";

/**
 * Shows every packet of a flow each time that a host sees it at one of two sides, one row each: what {@link pathTrace} puts together. Every event
 * costs some microseconds on the host: look at {@link pathSummary} first.
 *
 * Parameters: see {@link PathEventsParameters}. `timeoutMs` means nothing here.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `sighting` VARCHAR: in, out, back in or back out
 * - `device` VARCHAR: where it was seen
 * - `ip_version` INTEGER: 4 or 6
 * - `src` VARCHAR: source address
 * - `src_port` INTEGER: source port; null for ICMP and later fragments
 * - `dst` VARCHAR: destination address
 * - `dst_port` INTEGER: destination port; null for ICMP and later fragments
 * - `protocol` VARCHAR: ICMP, TCP or UDP
 * - `ip_id` BIGINT: IPv4 identification, or that of an IPv6 fragment; null: IPv6, whole
 * - `fragment_offset_bytes` INTEGER, bytes: where the fragment belongs; 0: the first, or whole
 * - `more_fragments` BOOLEAN: more of the same packet follow
 * - `payload_bytes` INTEGER, bytes: behind the headers of IP and, where there is one, transport
 * - `seq` BIGINT: TCP sequence number
 * - `ack` BIGINT: TCP acknowledgement number
 * - `echo_id` INTEGER: ICMP identifier
 * - `echo_seq` INTEGER: ICMP sequence number
 * - `segments` INTEGER: segments that it stands for; 1: itself
 * - `cpu` INTEGER: CPU that handled it
 *
 * null is unknown or absent: of a fragment behind the first, all that the first has. `segments` are those of GRO and TSO.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await pathEvents(host, { from: "vnet1", to: "eth0", protocol: "UDP", src: "198.51.100.11", dst: "203.0.113.30", seconds: 10 })
 */
export const pathEvents: Probe<PathEventsParameters, "table"> = defineRows<
  Record<never, never>,
  typeof pathParameters
>({
  name: "pathEvents",
  revision: 2,
  measures: "packets at both sides of a host, one row each time that one is seen",
  hooks: pathHooks,
  summary: "pathSummary",
  parameters: pathParameters,
  check: checkPath,
  eachTick: forgetSides,
  fields: (filter) => [sighting, device, flowOf(filter), ...positions(filter)],
  program: (writing) => {
    const row = (stage: { there: number; back: number }) => (at: Parameters<typeof writing.emit>[0]) =>
      bpf`$stage = $way == 1 ? ${stage.there} : ${stage.back}; $segments = 1;
  ${whenMerged(at, (info) => bpf`$segments = ${at.read(info, "skb_shared_info.gso_segs")};`)}
  ${writing.emit(at)}`;
    return pathClauses(writing, { received: row({ there: 0, back: 2 }), sent: row({ there: 1, back: 3 }) });
  },
  notes: pathNotes,
});

const sighting: Field = field({
  name: "sighting",
  type: "VARCHAR",
  meaning: "in, out, back in or back out",
  say: () => bpf`$stage`,
  read: ([stage]) => sightings[Number(stage)] as string,
});

const device: Field = field({
  name: "device",
  type: "VARCHAR",
  meaning: "where it was seen",
  words: numbers(2),
  say: (at) => {
    const { first, second } = at.name(bpf`$dev`, "net_device.name");
    return [first, second];
  },
  read: ([first = "0", second = "0"]) => nameOf(first, second),
});

const flowOf = ({ protocol, src }: PathFilter): Field => {
  const version = ipVersion(src);
  return fields({
    columns: [
      { name: "ip_version", type: "INTEGER", meaning: "4 or 6" },
      { name: "src", type: "VARCHAR", meaning: "source address" },
      { name: "src_port", type: "INTEGER", meaning: "source port; null for ICMP and later fragments" },
      { name: "dst", type: "VARCHAR", meaning: "destination address" },
      { name: "dst_port", type: "INTEGER", meaning: "destination port; null for ICMP and later fragments" },
      { name: "protocol", type: "VARCHAR", meaning: "ICMP, TCP or UDP" },
    ],
    words: numbers(5),
    say: () => [
      bpf`${packet.ports} << 32 | ${packet.srcPort} << 16 | ${packet.dstPort}`,
      ...[packet.src.high, packet.src.low, packet.dst.high, packet.dst.low],
    ],
    read: ([word = "0", srcHigh = "0", srcLow = "0", dstHigh = "0", dstLow = "0"]) => {
      const ports = BigInt(word);
      const port = (from: bigint) => (ports >> 32n === 1n ? Number((ports >> from) & 0xffffn) : null);
      const [from, to] = [addressOf(version, srcHigh, srcLow), addressOf(version, dstHigh, dstLow)];
      return [version, from, port(16n), to, port(0n), protocol];
    },
  });
};

const positions = ({ protocol, src }: PathFilter): readonly Field[] => {
  const only = (one: typeof protocol, words: readonly [string, string]) => (protocol === one ? words : null);
  return [
    fields({
      columns: [
        {
          name: "ip_id",
          type: "BIGINT",
          meaning: "IPv4 identification, or that of an IPv6 fragment; null: IPv6, whole",
        },
        {
          name: "fragment_offset_bytes",
          type: "INTEGER",
          unit: "bytes",
          meaning: "where the fragment belongs; 0: the first, or whole",
        },
        { name: "more_fragments", type: "BOOLEAN", meaning: "more of the same packet follow" },
        {
          name: "payload_bytes",
          type: "INTEGER",
          unit: "bytes",
          meaning: "behind the headers of IP and, where there is one, transport",
        },
        { name: "seq", type: "BIGINT", meaning: "TCP sequence number" },
        { name: "ack", type: "BIGINT", meaning: "TCP acknowledgement number" },
        { name: "echo_id", type: "INTEGER", meaning: "ICMP identifier" },
        { name: "echo_seq", type: "INTEGER", meaning: "ICMP sequence number" },
      ],
      words: numbers(4),
      say: () => [
        packet.id,
        packet.fragment,
        packet.payload,
        protocol === "ICMP"
          ? bpf`${packet.icmp} >> 16 & 0xffffffff`
          : protocol === "TCP"
            ? bpf`${packet.seq} << 32 | ${packet.ack}`
            : 0,
      ],
      read: ([id = "0", part = "0", payload = "0", word = "0"]) => {
        const offset = (Number(part) & 0x1fff) * 8;
        const bits = BigInt.asUintN(64, BigInt(word));
        const [high, low] =
          protocol === "TCP" ? [bits >> 32n, bits & 0xffff_ffffn] : [(bits >> 16n) & 0xffffn, bits & 0xffffn];
        const first = offset === 0;
        const [seq, ack] = only("TCP", [String(high), String(low)]) ?? [null, null];
        // The identifier stands in the lower half, as the sequence number comes behind it.
        const [echo, number] = only("ICMP", [String(low), String(high)]) ?? [null, null];
        const value = (text: string | null) => (text === null || !first ? null : Number(text));
        return [
          ipVersion(src) === 6 && part === "0" ? null : Number(id),
          offset,
          (Number(part) & 0x2000) !== 0,
          Number(payload),
          ...[value(seq), value(ack), value(echo), value(number)],
        ];
      },
    }),
    field({
      name: "segments",
      type: "INTEGER",
      meaning: "segments that it stands for; 1: itself",
      say: () => bpf`$segments`,
    }),
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that handled it", say: () => bpf`cpu` }),
  ];
};
