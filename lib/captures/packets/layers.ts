/** What a packet's protocol stack (`eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:tcp`) says about reading its fields. */
export interface Layers {
  /** Where the addresses of the conversation stand among the values of `ip.*` or `ipv6.*`; null without IP. */
  inner: IpLayer | null;
  /** The outermost IP layer when the packet is encapsulated, else null. */
  outer: IpLayer | null;
  /** What encapsulates it: `vxlan`, `gre`, `ip`; null when nothing does. */
  tunnel: string | null;
  /** The packet's own transport; null for fragments without it, and for what has none. */
  transport: string | null;
  /** Which value of `tcp.*` or `udp.*` is the packet's own. */
  transportAt: number;
  /** An ICMP error that quotes another packet: IP and transport values beyond the packet's own are the quoted ones. */
  quotes: boolean;
}

export interface IpLayer {
  version: 4 | 6;
  /** Position among the layers of the same version. */
  at: number;
}

const transports = new Set(["tcp", "udp", "sctp", "icmp", "icmpv6", "dccp", "udplite"]);
const carriers = new Set(["ip", "ipv6", "eth", "ethertype", "vlan", "udp", "tcp", "data"]);
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
  const layer = (index: number): IpLayer => {
    const name = ips[index];
    const at = ips.slice(0, index).filter((other) => other === name).length;
    return { version: name === "ip" ? 4 : 6, at };
  };
  const transport = own.findLast((name) => transports.has(name)) ?? null;
  return {
    inner: ips.length > 0 ? layer(ips.length - 1) : null,
    outer: ips.length > 1 ? layer(0) : null,
    tunnel: ips.length > 1 ? tunnelOf(own) : null,
    transport,
    transportAt: own.filter((name) => name === transport).length - 1,
    quotes: stack.slice(own.length).some(isIp),
  };
}

function isIp(name: string): boolean {
  return name === "ip" || name === "ipv6";
}

function tunnelOf(own: string[]): string {
  const between = own.slice(own.findIndex(isIp) + 1, own.findLastIndex(isIp));
  const names = between.filter((name) => !carriers.has(name) && !name.startsWith("ipv6."));
  return names.length > 0 ? [...new Set(names)].join(" ") : "ip";
}
