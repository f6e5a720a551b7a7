/** What a packet's protocol stack (`eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:tcp`) says about reading its fields. */
export interface Layers {
  /** All of it, joined by colons. */
  stack: string;
  /** Where the addresses of the conversation stand among the values of `ip.*` or `ipv6.*`; null without IP. */
  inner: IpLayer | null;
  /** The outermost IP layer when the packet is encapsulated, else null. */
  outer: IpLayer | null;
  /** How many IPv4 headers are its own. */
  v4Headers: number;
  /** What encapsulates it: `vxlan`, `gre`, `ip`; null when nothing does. */
  tunnel: string | null;
  /** The packet's own transport; null for fragments without it, and for what has none. */
  transport: string | null;
  /** Which value of `tcp.*` or `udp.*` is the packet's own. */
  transportAt: number;
  /** The layer whose sequence numbers tshark prints first: `rtp`, `esp`, `gre`. */
  numbered: string | null;
  /** Where 802.1ad tags lie among 802.1Q ones: of each tag, outermost first, its place among all of 802.1ad, then of 802.1Q. null: one kind. */
  tags: readonly number[] | null;
  /** The packet that an ICMP error quotes; its values stand behind the error's own. null where none is quoted. */
  quoted: Quoted | null;
}

export interface Quoted {
  ip: IpLayer;
  transport: string | null;
  /** Which value of `tcp.*` or `udp.*` is the quoted packet's. */
  transportAt: number;
}

export interface IpLayer {
  version: 4 | 6;
  /** Position among the layers of the same version. */
  at: number;
}

const transports = new Set(["tcp", "udp", "sctp", "icmp", "icmpv6", "dccp", "udplite"]);
const carriers = new Set(["ip", "ipv6", "eth", "ethertype", "vlan", "udp", "tcp", "data"]);
const numberings = ["rtp", "esp", "gre"];
const known = new Map<string, Layers>();
/** Captures have some hundred different stacks; a hostile one could have a new one in each packet. */
const maxKnown = 10_000;

export function layersOf(protocols: string): Layers {
  let layers = known.get(protocols);
  if (layers === undefined) {
    layers = readLayers(protocols.split(":"));
    if (known.size < maxKnown) known.set(protocols, layers);
  }
  return layers;
}

function readLayers(stack: string[]): Layers {
  const icmp = stack.findIndex((name) => name === "icmp" || name === "icmpv6");
  const own = icmp < 0 ? stack : stack.slice(0, icmp + 1);
  const ips = own.filter((name) => isIp(name));
  return {
    stack: stack.join(":"),
    inner: lastIp(own),
    outer: ips.length > 1 ? { version: ips[0] === "ip" ? 4 : 6, at: 0 } : null,
    v4Headers: ips.filter((name) => name === "ip").length,
    tunnel: ips.length > 1 ? tunnelOf(own) : null,
    ...lastTransport(own),
    numbered: numberings.find((name) => own.includes(name)) ?? null,
    tags: tagsOf(stack),
    quoted: quotedOf(stack, own.length),
  };
}

function tagsOf(stack: string[]): number[] | null {
  const kinds = stack.filter((name) => name === "ieee8021ad" || name === "vlan");
  const first = kinds.filter((name) => name === "ieee8021ad").length;
  if (first === 0 || first === kinds.length) return null;
  let service = 0;
  let customer = first;
  return kinds.map((name) => (name === "vlan" ? customer++ : service++));
}

function lastIp(stack: string[]): IpLayer | null {
  const name = stack.findLast(isIp);
  if (name === undefined) return null;
  return { version: name === "ip" ? 4 : 6, at: stack.filter((other) => other === name).length - 1 };
}

function lastTransport(stack: string[]): { transport: string | null; transportAt: number } {
  const transport = stack.findLast((name) => transports.has(name)) ?? null;
  return { transport, transportAt: stack.filter((name) => name === transport).length - 1 };
}

function quotedOf(stack: string[], from: number): Quoted | null {
  const rest = stack.slice(from);
  if (!rest.some(isIp)) return null;
  const { transport } = lastTransport(rest);
  const transportAt = stack.filter((name) => name === transport).length - 1;
  return { ip: lastIp(stack) as IpLayer, transport, transportAt };
}

function isIp(name: string): boolean {
  return name === "ip" || name === "ipv6";
}

function tunnelOf(own: string[]): string {
  const between = own.slice(own.findIndex(isIp) + 1, own.findLastIndex(isIp));
  const names = between.filter((name) => !carriers.has(name) && !name.startsWith("ipv6."));
  return names.length > 0 ? [...new Set(names)].join(" ") : "ip";
}
