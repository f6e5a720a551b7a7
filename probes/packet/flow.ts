import ipaddr from "ipaddr.js";
import type { Column, Value } from "../../lib/tables/index.js";
import type { PacketKind } from "./fields.js";
import { packetColumns } from "./fields.js";
import { etherTypeName, protocolName } from "./protocols.js";

/** Columns of a flow. */
export const flowColumns: readonly Column[] = packetColumns.filter(({ name }) => name !== "length_bytes");

/** Addresses as two numbers each, since what ntop() makes of either version can't stand in the same key. */
const addresses = {
  ipv4: ["(uint64)0", "(uint64)*(uint32 *)($net + 12)", "(uint64)0", "(uint64)*(uint32 *)($net + 16)"],
  ipv6: [
    "*(uint64 *)($net + 8)",
    "*(uint64 *)($net + 16)",
    "*(uint64 *)($net + 24)",
    "*(uint64 *)($net + 32)",
  ],
  other: ["(uint64)0", "(uint64)0", "(uint64)0", "(uint64)0"],
} as const;

/** Program text for the protocol of a packet as a part of a map's key. */
export function protocolKey(kind: PacketKind, etherType = "$type"): string[] {
  const version = { ipv4: "4", ipv6: "6", other: "0" }[kind];
  return [`(uint64)${version}`, `(uint64)${kind === "other" ? etherType : "$proto"}`];
}

/** Program text for the flow of a packet as a part of a map's key. */
export function flowKey(kind: PacketKind, etherType?: string): string[] {
  return [
    ...protocolKey(kind, etherType),
    ...addresses[kind],
    ...["(uint64)$ports", "(uint64)$sport", "(uint64)$dport"],
  ];
}

/** The protocol's name from the words of {@link protocolKey}. */
export function protocolValue([version, number]: readonly string[]): string {
  return version === "0" ? etherTypeName(Number(number)) : protocolName(Number(number));
}

/** Values of {@link flowColumns} from the words of {@link flowKey}. */
export function flowValues(words: readonly string[]): Value[] {
  const [version = "", , srcHigh = "", srcLow = "", dstHigh = "", dstLow = "", ports, sport, dport] = words;
  return [
    version === "0" ? null : Number(version),
    addressOf(version, srcHigh, srcLow),
    ports === "1" ? Number(sport) : null,
    addressOf(version, dstHigh, dstLow),
    ports === "1" ? Number(dport) : null,
    protocolValue(words),
  ];
}

/** Bytes of an address that a little-endian machine read as numbers. */
function addressOf(version: string, high: string, low: string): string | null {
  if (version === "0") return null;
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(high)));
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(low)), 8);
  return ipaddr.fromByteArray([...(version === "4" ? bytes.subarray(8, 12) : bytes)]).toString();
}
