import type { Site } from "../site.js";
import { type Bpf, bpf, joined, type Need, needsOf } from "../text/bpf.js";
import { swapped16 } from "../text/numbers.js";
import { readEthernet, readTagBeside, skipTags } from "./link.js";
import { readArp, readIpv4, readIpv6, resetNetwork } from "./network.js";
import { enterTunnel } from "./tunnel.js";
import { needs } from "./values.js";
import type { Wanted } from "./wanted.js";

/** How a packet is to be parsed. */
export interface ParseOptions {
  /** Pointer to the sk_buff. */
  skb: Bpf;
  /** The EtherType in the machine's byte order, where the hook says it; default the packet's own. */
  etherType?: Bpf;
  /** Where the network header is, in bytes from where the data begins: 0 of a frame just received; default where the kernel has noted it. */
  offset?: Bpf | 0;
  /** IP versions that matter: of the others nothing is read. Default both. */
  versions?: readonly (4 | 6)[];
  /** Parse what is inside VXLAN or Geneve. Default false. */
  inside?: boolean;
}

/**
 * The one parser of packets: statements that read what `body` and `tests` name of {@link packet}, leave the clause where a test fails, and then do
 * `body`. The cheap tests come first: the caller's own, then those of the headers in the order of the layers.
 */
export function parsePacket(site: Site, options: ParseOptions, tests: readonly Bpf[], body: Bpf): Bpf {
  const { skb, versions = [4, 6], inside = false } = options;
  const named = new Set([...tests, body].flatMap((piece) => [...needsOf(piece)]));
  const wanted = wantedBy(named);
  const vlan = named.has(needs.vlan);
  const ip = inside || anyOf(wanted) || named.has(needs.version) || named.has(needs.etherType);
  const pending = new Tests(tests);
  // Behind the tests, unless one asks for it: what is rejected costs less then.
  const device = readDevice(site, skb, named);
  const first = tests.some((test) => [...needsOf(test)].some((need) => deviceNeeds.has(need)));
  return joined(
    [
      ...(first ? device : []),
      ...pending.knowing([...deviceNeeds]),
      ...(named.has(needs.ethernet) ? [readEthernet(site, skb)] : []),
      ...(vlan ? [readTagBeside(site, skb)] : []),
      ...(ip || vlan ? [readType(site, options), skipTags(site, skb, vlan)] : []),
      ...pending.knowing([needs.vlan, needs.ethernet]),
      ...(inside ? [readNetwork(wantedBy(tunnelNeeds), [4, 6], new Tests([]), bpf`0`), enterTunnel] : []),
      ...pending.knowing([needs.etherType, needs.vni]),
      ...(ip ? [readNetwork(wanted, versions, pending, site.read(skb, "sk_buff.len"))] : []),
      ...(first ? [] : device),
      body,
    ],
    "\n  ",
  );
}

/** The device that a packet is on: its name as two words, each where it is named. */
function readDevice(site: Site, skb: Bpf, named: ReadonlySet<Need>): Bpf[] {
  const [first, second] = [named.has(needs.deviceFirst), named.has(needs.deviceSecond)];
  if (!first && !second && !named.has(needs.device)) return [];
  const words = site.name(bpf`$dev`, "net_device.name");
  return [
    bpf`$dev = ${site.read(skb, "sk_buff.dev")};`,
    ...(first ? [bpf`$dev1 = ${words.first};`] : []),
    ...(second ? [bpf`$dev2 = ${words.second};`] : []),
  ];
}

/** Tests of a packet, each to be made as soon as what it names is known. */
class Tests {
  private pending: readonly Bpf[];
  private readonly known = new Set<Need>();

  constructor(tests: readonly Bpf[]) {
    this.pending = tests;
  }

  /** Whether any is left: they are of IP then. */
  get left(): boolean {
    return this.pending.length > 0;
  }

  /** Those that can be made now, as a statement that leaves the clause. */
  knowing(more: readonly Need[]): Bpf[] {
    for (const need of more) this.known.add(need);
    const isReady = (test: Bpf) =>
      [...needsOf(test)].every((need) => this.known.has(need) || !isPacketNeed(need));
    const ready = this.pending.filter(isReady);
    this.pending = this.pending.filter((test) => !isReady(test));
    return ready.length === 0 ? [] : [bpf`if (!(${joined(ready, " && ")})) { return; }`];
  }

  /** The same tests on another way to the same place. */
  fork(): Tests {
    const other = new Tests(this.pending);
    for (const need of this.known) other.known.add(need);
    return other;
  }
}

/** EtherType and network header, as the kernel has them. */
function readType(site: Site, { skb, etherType, offset }: ParseOptions): Bpf {
  const type =
    etherType === undefined
      ? bpf`$w = ${site.read(skb, "sk_buff.protocol")}; $type = ${swapped16(bpf`$w`)};`
      : bpf`$type = ${etherType};`;
  const net =
    offset === 0
      ? site.read(skb, "sk_buff.data")
      : offset !== undefined
        ? bpf`${site.read(skb, "sk_buff.data")} + ${offset}`
        : bpf`${site.read(skb, "sk_buff.head")} + ${site.read(skb, "sk_buff.network_header")}`;
  return bpf`${type} $net = ${net};`;
}

/** A branch for each version that matters. What is neither has 0 everywhere, or leaves the clause where a test asks for IP. */
function readNetwork(wanted: Wanted, versions: readonly (4 | 6)[], tests: Tests, frame: Bpf): Bpf {
  const ipOnly = tests.left;
  const length = wanted.length ? bpf`$len = ${frame};` : bpf``;
  const arp = wanted.arp && !ipOnly ? [bpf`if ($type == 0x806) { ${readArp(wanted)} ${length} }`] : [];
  const branches = versions.map((version) => {
    const own = tests.fork();
    const first = own.knowing([needs.version]);
    const steps = version === 4 ? readIpv4(wanted) : readIpv6(wanted);
    const read = steps.flatMap(({ text, provides }) => [text, ...own.knowing(provides)]);
    const [type, number] = version === 4 ? [bpf`0x800`, bpf`4`] : [bpf`0x86dd`, bpf`6`];
    return bpf`if ($type == ${type}) { $version = ${number};
    ${joined([...first, ...read], "\n    ")}
  }`;
  });
  // Filters of both versions leave none.
  const none = branches.length + arp.length === 0;
  const other = ipOnly ? [none ? bpf`return;` : bpf`{ return; }`] : wanted.length ? [bpf`{ ${length} }`] : [];
  return bpf`$version = 0; ${resetNetwork(wanted)}
  ${joined([...branches, ...arp, ...other], " else ")}`;
}

const tunnelNeeds = new Set<Need>([needs.protocol, needs.ports, needs.transport]);

const deviceNeeds = new Set<Need>([needs.device, needs.deviceFirst, needs.deviceSecond]);

const packetNeeds = new Set<Need>(Object.values(needs));

function isPacketNeed(need: Need): boolean {
  return packetNeeds.has(need);
}

/** What has to be read for what is named. */
function wantedBy(named: ReadonlySet<Need>): Wanted {
  const [ports, tcp] = [named.has(needs.ports), named.has(needs.tcp)];
  const [tcpFlags, icmp, payload] = [
    named.has(needs.tcpFlags),
    named.has(needs.icmp),
    named.has(needs.payload),
  ];
  const l4 = ports || tcp || tcpFlags || icmp || payload;
  return {
    ...{ ports, tcp, tcpFlags, icmp, payload },
    protocol: l4 || named.has(needs.protocol),
    fragment: l4 || named.has(needs.fragment),
    transport: l4 || named.has(needs.transport),
    src: named.has(needs.src),
    dst: named.has(needs.dst),
    length: named.has(needs.length),
    id: named.has(needs.id),
    ttl: named.has(needs.ttl),
    tos: named.has(needs.tos),
    arp: named.has(needs.arp),
  };
}

function anyOf(wanted: Wanted): boolean {
  return Object.values(wanted).includes(true);
}
