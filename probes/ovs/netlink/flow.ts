import { etherTypeName, protocolName } from "../../../lib/probes/index.js";
import type { Column, Value } from "../../../lib/tables/index.js";
import { type Attributes, payloadOf } from "./attributes.js";
import { keyText, keyType, structs } from "./key.js";
import { exactly, type Member, masked, type Show, show } from "./members.js";
import { isFull } from "./values.js";

/** What a flow looks at: null where any value fits, and where only some bits of what must be a number count. */
export const flowColumns: readonly Column[] = [
  {
    name: "match",
    type: "VARCHAR",
    meaning: "all that a packet has to have, as ovs-dpctl writes it; null where it isn't said",
  },
  {
    name: "recirc_id",
    type: "BIGINT",
    meaning: "which pass through the flow table it is of; 0: the first",
  },
  {
    name: "in_port",
    type: "INTEGER",
    meaning: "datapath's number of the port that packets come in by, as `ovs-dpctl show` has it",
  },
  { name: "eth_src", type: "VARCHAR", meaning: "Ethernet source address, with its mask where it has one" },
  {
    name: "eth_dst",
    type: "VARCHAR",
    meaning: "Ethernet destination address, with its mask where it has one",
  },
  { name: "ip_version", type: "INTEGER", meaning: "4 or 6; null for what isn't IP" },
  { name: "src", type: "VARCHAR", meaning: "source address or prefix" },
  { name: "src_port", type: "INTEGER", meaning: "TCP, UDP or SCTP source port" },
  { name: "dst", type: "VARCHAR", meaning: "destination address or prefix" },
  { name: "dst_port", type: "INTEGER", meaning: "TCP, UDP or SCTP destination port" },
  {
    name: "protocol",
    type: "VARCHAR",
    meaning: "IP protocol, or the EtherType of what isn't IP",
  },
];

const [ethertypeIp4, ethertypeIp6] = [0x0800, 0x86dd];

/** The values of {@link flowColumns}. */
export function flowValues(key: Attributes | null, mask: Attributes | null): readonly Value[] {
  if (key === null) return flowColumns.map(() => null);
  const of = new Looked(key, mask);
  const etherType = of.number(keyType.etherType, show.etherType);
  const version = etherType === ethertypeIp4 ? 4 : etherType === ethertypeIp6 ? 6 : null;
  const [type, struct] = version === 6 ? [keyType.ipv6, structs.ipv6] : [keyType.ipv4, structs.ipv4];
  const isIp = version !== null;
  const ports = [keyType.tcp, keyType.udp, keyType.sctp].find((one) => payloadOf(key, one) !== undefined);
  const port = (name: string) =>
    ports === undefined ? null : (of.member(ports, structs.ports, name)?.readUInt16BE(0) ?? null);
  const protocol = isIp ? (of.member(type, struct, "proto")?.readUInt8(0) ?? null) : null;
  const other = etherType === null || isIp ? null : etherTypeName(etherType);
  return [
    keyText(key, mask),
    of.number(keyType.recircId, show.hostHex),
    of.number(keyType.inPort, show.host32),
    of.text(keyType.ethernet, structs.ethernet, "src"),
    of.text(keyType.ethernet, structs.ethernet, "dst"),
    version,
    isIp ? of.text(type, struct, "src") : null,
    port("src"),
    isIp ? of.text(type, struct, "dst") : null,
    port("dst"),
    protocol === null ? other : protocolName(protocol),
  ];
}

/** The attributes of a flow, each under its mask. */
class Looked {
  constructor(
    private readonly key: Attributes,
    private readonly mask: Attributes | null,
  ) {}

  /** An attribute that is one number, where all of its bits count. */
  number(type: number, { size }: Show): number | null {
    const bytes = payloadOf(this.key, type);
    const under = this.under(type, size);
    if (bytes === undefined || bytes.length < size || (under !== null && !isFull(under.subarray(0, size))))
      return null;
    // Only the EtherType is in network order.
    return type === keyType.etherType ? bytes.readUInt16BE(0) : bytes.readUInt32LE(0);
  }

  member(type: number, struct: readonly Member[], name: string): Buffer | null {
    const bytes = payloadOf(this.key, type);
    return exactly(struct, name, bytes, this.under(type, bytes?.length ?? 0));
  }

  /** Addresses as text, a prefix where the mask is one. */
  text(type: number, struct: readonly Member[], name: string): string | null {
    const [, at, how] = struct.find(([other]) => other === name) ?? [];
    const bytes = payloadOf(this.key, type);
    if (at === undefined || how === undefined || bytes === undefined || bytes.length < at + how.size)
      return null;
    const part = (of: Buffer) => of.subarray(at, at + how.size);
    const under = this.under(type, bytes.length);
    if (under !== null && under.length < at + how.size) return null;
    const length = under === null || how === show.mac ? null : prefixLength(part(under));
    if (length === 0 || length === null || length === 8 * how.size)
      return masked(how, part(bytes), under && part(under)) ?? null;
    return `${how.value(part(bytes))}/${length}`;
  }

  /** A mask that lacks an attribute lets all of it pass. */
  private under(type: number, size: number): Buffer | null {
    return this.mask && (payloadOf(this.mask, type) ?? Buffer.alloc(size));
  }
}

/** How many bits a mask has in front; null where there are others behind. */
function prefixLength(mask: Buffer): number | null {
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const length = bits.indexOf("0") < 0 ? bits.length : bits.indexOf("0");
  return bits.indexOf("1", length) < 0 ? length : null;
}
