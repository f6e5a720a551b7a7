import type { Column, Value } from "../../tables/index.js";
import { type Field, field, fields, numbers } from "../field.js";
import { type Bpf, bpf } from "../text/bpf.js";
import { nameOf } from "../text/names.js";
import { addressOf } from "../text/prefix.js";
import { etherTypeName, protocolName } from "./protocols.js";
import { packet } from "./values.js";

const version: Column = { name: "ip_version", type: "INTEGER", meaning: "4 or 6; null for what isn't IP" };
const protocol: Column = {
  name: "protocol",
  type: "VARCHAR",
  meaning: "IP protocol, or the EtherType of what isn't IP",
};
const flowColumns: readonly Column[] = [
  version,
  { name: "src", type: "VARCHAR", meaning: "source address" },
  { name: "src_port", type: "INTEGER", meaning: "TCP, UDP or SCTP source port" },
  { name: "dst", type: "VARCHAR", meaning: "destination address" },
  { name: "dst_port", type: "INTEGER", meaning: "TCP, UDP or SCTP destination port" },
  protocol,
];

/** Version and protocol, or EtherType, in one word. */
const kind = bpf`${packet.version} << 49 | (${packet.version} == 0 ? ${packet.etherType} : ${packet.protocol}) << 32`;
const kindAndPorts = bpf`${kind} | ${packet.ports} << 48 | ${packet.srcPort} << 16 | ${packet.dstPort}`;

function readKind(word: string): { version: 0 | 4 | 6; protocol: string } {
  const bits = BigInt(word);
  const version = Number(bits >> 49n) as 0 | 4 | 6;
  const number = Number((bits >> 32n) & 0xffffn);
  return { version, protocol: version === 0 ? etherTypeName(number) : protocolName(number) };
}

/** Protocol of a packet. */
export const protocolField: Field = fields({
  columns: [protocol],
  words: numbers(1),
  say: () => [kind],
  read: ([word = "0"]) => [readKind(word).protocol],
});

/** What tells a packet's flow from others. */
export const flowWords: readonly Bpf[] = [
  kindAndPorts,
  ...[packet.src.high, packet.src.low, packet.dst.high, packet.dst.low],
];

/** Addresses, ports and protocol of a packet. */
export const flowField: Field = fields({
  columns: flowColumns,
  words: numbers(flowWords.length),
  unbounded: true,
  say: () => flowWords,
  read: ([word = "0", ...addresses]) => readFlow(word, addresses),
});

function readFlow(
  word: string,
  [srcHigh = "0", srcLow = "0", dstHigh = "0", dstLow = "0"]: string[],
): Value[] {
  const { version, protocol } = readKind(word);
  const bits = BigInt(word);
  const ports = ((bits >> 48n) & 1n) === 1n;
  const port = (from: bigint) => (ports ? Number((bits >> from) & 0xffffn) : null);
  const address = (high: string, low: string) => {
    if (version !== 0) return addressOf(version, high, low);
    return protocol === "ARP" && low !== "0" ? addressOf(4, high, low) : null;
  };
  return [
    version === 0 ? null : version,
    address(srcHigh, srcLow),
    port(16n),
    address(dstHigh, dstLow),
    port(0n),
    protocol,
  ];
}

/** Length of a packet. */
export const lengthField: Field = field({
  name: "length_bytes",
  type: "INTEGER",
  unit: "bytes",
  meaning: "IP packet by its own header; frame where it isn't IP",
  say: () => packet.length,
});

/** The interface that a packet is on. */
export const deviceField: Field = field({
  name: "device",
  type: "VARCHAR",
  meaning: "network interface the packet was on; null where it had none",
  words: numbers(2),
  say: () => [packet.device.first, packet.device.second],
  pair: (at) => at.nameKey(packet.dev, "net_device.name"),
  read: ([first = "0", second = "0"]) => nameOf(first, second),
});

/** Which packet it was: flow and length. */
export const packetFields: readonly Field[] = [flowField, lengthField];
