import { type EvidenceRow, type Rules, rule } from "../../lib/findings/index.js";
import type { Table } from "../../lib/tables/index.js";
import { unnamedAt as at, byReason as by, bySite, bySwitch, lossyPlaces } from "../drop/index.js";

/** What the rules of a host's drops look through. */
interface DropSubject {
  /** Drops by kind, reason, site, device and network namespace. */
  drops: Table;
  /** Counters of the host, with what they grew by, the machine behind their device, and what of it is no loss. */
  counters: Table;
}

/** What a host's own network namespace is called. */
const hostNamespaceName = "host";
const shows = ["kind", "reason", "site", "why", "device", "netns", "guest", "drops", "flows", "worst_flow"];
const thresholds = {
  high: { value: 100, unit: "packets", meaning: "HIGH from so many drops of one kind, place and device on" },
};

interface Kind {
  title: string;
  /** SQL on a row of drops; the row's reason is null where the kernel has none. */
  when: string;
  says(row: EvidenceRow): string;
  causes: string[];
  advice: string[];
}

/** Where the row alone can't tell, the counters may. */
const lost = "(kind = 'suspicious' OR counted IS NOT NULL)";

/** A rule on drops that no rule before it has taken. */
function ofDrops({ title, when, says, causes, advice }: Kind) {
  return rule({
    title,
    category: "reliability",
    thresholds,
    of: async ({ drops }: DropSubject) => drops,
    grades: ({ high }) => [
      ["HIGH", `${lost} AND (${when}) AND drops >= ${high}`],
      ["MEDIUM", `${lost} AND (${when})`],
    ],
    shows,
    measure: "drops",
    doubts: [],
    says: (row) => `${says(row)}: ${packets(row.drops)}, most of ${row.worst_flow}`,
    causes,
    advice,
    verify: (row) => `await dropEvents(host, { seconds: 10${filter(row)}, stacks: true })`,
  });
}

interface Counted {
  title: string;
  when: string;
  causes: string[];
  advice: string[];
}

/** A rule on counters that the kernel's own drops may not be in. */
function ofCounters({ title, when, causes, advice }: Counted) {
  return rule({
    title,
    category: "reliability",
    thresholds: {},
    of: async ({ counters }: DropSubject) => counters,
    grades: () => [["MEDIUM", `change > no_loss AND (${when})`]],
    shows: ["source", "netns", "guest", "subject", "counter", "change", "change_per_second"],
    measure: "change",
    doubts: [],
    says: (row) =>
      `${ownerOf(row.subject, row) ?? "this host"}: ${row.counter} grew by ${Number(row.change).toLocaleString("en-US")}`,
    causes,
    advice,
    verify: () => "await hostCounters(host, { seconds: 10 })",
  });
}

function packets(count: EvidenceRow[string] | undefined): string {
  return `${Number(count).toLocaleString("en-US")} ${Number(count) === 1 ? "packet" : "packets"}`;
}

function filter({ reason, device }: EvidenceRow): string {
  const parts = [
    ...(typeof reason === "string" ? [["reason", reason]] : []),
    ...(typeof device === "string" ? [["device", device]] : []),
  ];
  return parts.map(([name, value]) => `, ${name}: ${JSON.stringify(value)}`).join("");
}

const on = (row: EvidenceRow) => (row.device === null ? "no device" : ownerOf(row.device, row));

/** A thing and whose it is: its network namespace, and the machine behind it. */
function ownerOf(thing: EvidenceRow[string] | undefined, { netns, guest }: EvidenceRow): string | null {
  const whose = [
    ...(typeof netns !== "string"
      ? []
      : [netns === hostNamespaceName ? "the host's" : `network namespace ${netns}`]),
    ...(typeof guest === "string" ? [`${guest} is behind it`] : []),
  ].join(", ");
  if (typeof thing !== "string") return whose === "" ? null : whose;
  return whose === "" ? thing : `${thing} (${whose})`;
}

/** What the kernel gives no reason for, by what its protocols counted meanwhile. */
const counted = (...counts: string[]) => `counted IN (${counts.map((one) => `'${one}'`).join(", ")})`;

const when = {
  queue: `${by("QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_CONGESTED", "FQ_BAND_LIMIT")} OR ${at(...lossyPlaces.queue)}`,
  listen: by("TCP_LISTEN_OVERFLOW"),
  firewall: `${by("NETFILTER_DROP", "TC_INGRESS", "TC_EGRESS", "XDP")} OR ${at(...lossyPlaces.firewall)}`,
  noSocket: `(${by("NO_SOCKET")} AND NOT ${bySite("icmp_rcv", "icmpv6_rcv", "ping_rcv")}) OR ${counted("no port", "refused")}`,
  socketFull: `${by("SOCKET_RCVBUFF", "SOCKET_BACKLOG", "PROTO_MEM")} OR ${counted("buffer full")}`,
  checksum: `${by("IP_CSUM", "TCP_CSUM", "UDP_CSUM", "ICMP_CSUM", "SKB_CSUM")} OR ${counted("checksum")}`,
  route: `${by("IP_INNOROUTES", "IP_OUTNOROUTES", "IP_RPFILTER", "IP_INADDRERRORS", "NEIGH_FAILED", "NEIGH_QUEUEFULL", "NEIGH_CREATEFAIL", "NEIGH_DEAD", "PKT_TOO_BIG")} OR ${at(...lossyPlaces.route)}`,
  virtual: `${by("FULL_RING", "CPU_BACKLOG")} OR ${at(...lossyPlaces.virtual)}`,
  switch: `${bySwitch} OR ${at(...lossyPlaces.switch)}`,
  netlink: bySite("netlink_attachskb"),
  tunnel: `regexp_matches(reason, '^(VXLAN|TUNNEL|IP_TUNNEL)_') OR ${at(...lossyPlaces.tunnel)}`,
};

/** What a device's own filter of addresses refuses is no frame of the wire. */
const otherMachine = `rule = 'OTHER_MACHINE' AND NOT coalesce(${by("TAP_FILTER")}, false)`;

const reasonOf = ({ reason, site }: EvidenceRow) =>
  reason === null || reason === "NOT_SPECIFIED" ? site : `${site} (${reason})`;

/** A hook of netfilter carries out what connection tracking or a rule says; nftables carries out its own since 6.1. */
const filterOf = ({ site }: EvidenceRow) =>
  site === "nf_hook_slow" ? "a rule of the firewall, or connection tracking," : "a rule";

/** Rules of {@link dropReport}. */
export const dropReportRules = {
  DROPS_QUEUE: ofDrops({
    title: "a queue in front of a device runs over",
    when: when.queue,
    says: (row) => `the queue in front of ${on(row)} dropped`,
    causes: ["more is sent than the device or its shaper lets pass", "the queue is too short for bursts"],
    advice: ["see tc -s qdisc of the device: its rate, limit and backlog"],
  }),
  DROPS_FIREWALL: ofDrops({
    title: "a rule or connection tracking drops packets",
    when: when.firewall,
    says: (row) => `${filterOf(row)} dropped what was on ${on(row)}`,
    causes: [
      "a rule of nftables, iptables, tc or XDP that is meant to, or one that is wrong",
      "connection tracking has no room (COUNTER_CONNTRACK)",
    ],
    advice: ["see nft list ruleset with counters; the flow says which rule may match"],
  }),
  DROPS_NO_SOCKET: ofDrops({
    title: "nobody listens where packets are sent",
    when: when.noSocket,
    says: (row) => `nobody listens for what came in on ${on(row)}`,
    causes: ["the service is not running, or listens on another address or port", "a scan"],
    advice: ["see ss -ltun where the address is"],
  }),
  DROPS_TCP_OPEN: ofDrops({
    title: "attempts to open TCP connections are dropped",
    when: when.listen,
    says: (row) => `attempts to open TCP connections were dropped on ${on(row)}`,
    causes: [
      "a listening socket has no room: its process accepts too slowly, or a flood of SYNs (COUNTER_LISTEN)",
    ],
    advice: [
      "see which queue is full: listenSummary(host); net.core.somaxconn, net.ipv4.tcp_max_syn_backlog",
    ],
  }),
  DROPS_SOCKET_FULL: ofDrops({
    title: "a receiver's socket buffer is full",
    when: when.socketFull,
    says: (row) => `a socket's receive buffer was full, for what came in on ${on(row)}`,
    causes: ["the process reads too slowly", "the buffer is too small for bursts"],
    advice: ["see ss -uamp for its buffer, and what the process waits for; net.core.rmem_max, SO_RCVBUF"],
  }),
  DROPS_CHECKSUM: ofDrops({
    title: "packets come in damaged",
    when: when.checksum,
    says: (row) => `a wrong checksum came in on ${on(row)}`,
    causes: ["damage in a cable, switch or NIC", "a sender or tunnel that computes it wrong"],
    advice: ["capture with checksums checked, on both ends of the wire"],
  }),
  DROPS_ROUTE: ofDrops({
    title: "there is no way for packets",
    when: when.route,
    says: (row) => `there was no way on for what was on ${on(row)}`,
    causes: [
      "no route, a neighbour that doesn't answer, reverse path filtering, a packet too big for the path",
    ],
    advice: ["see ip route get, ip neigh, and net.ipv4.conf.*.rp_filter"],
  }),
  DROPS_VIRTUAL: ofDrops({
    title: "a machine or a CPU takes packets too slowly",
    when: when.virtual,
    says: (row) => `a backlog or a machine behind ${on(row)} dropped`,
    causes: [
      "the guest doesn't read: its ring is full",
      "a CPU has more packets to handle than it can (COUNTER_BACKLOG)",
    ],
    advice: ["see the guest's CPU and its vhost thread, and softnetCounters(host)"],
  }),
  DROPS_SWITCH: ofDrops({
    title: "the switch drops packets",
    when: when.switch,
    says: (row) => `Open vSwitch dropped what was on ${on(row)} (${row.why})`,
    causes: ["a flow that is meant to drop, or one that is wrong", "a meter, or an action that failed"],
    advice: ["see ovs-ofctl dump-flows with counters, and ovs-appctl ofproto/trace for the flow"],
  }),
  DROPS_NETLINK: ofDrops({
    title: "messages of the kernel find no room in a netlink socket",
    when: when.netlink,
    says: () => "a netlink socket had no room",
    causes: [
      "ovs-vswitchd can't keep up with upcalls: each is a packet (COUNTER_SWITCH counts them)",
      "another program reads its messages too slowly, such as a monitor of connection tracking or routes: no packet is lost",
    ],
    advice: [
      "see ovs-appctl dpctl/show -s for lost upcalls, and the column Drops of /proc/net/netlink for whose socket it is",
    ],
  }),
  DROPS_TUNNEL: ofDrops({
    title: "a tunnel drops packets",
    when: when.tunnel,
    says: (row) => `a tunnel dropped what was on ${on(row)}`,
    causes: [
      "no device of this host has the VNI or key that packets come with",
      "the other end is unknown (no forwarding entry), or the packet is too big with the tunnel's header",
    ],
    advice: ["see ip -d link, bridge fdb show dev DEVICE, and the VNI of what comes in"],
  }),
  DROPS_WRONG_MAC: rule({
    title: "packets to this host have another machine's MAC address",
    category: "connectivity",
    thresholds,
    of: async ({ drops }: DropSubject) => drops,
    grades: ({ high }) => [
      ["HIGH", `${otherMachine} AND to_own_address >= ${high}`],
      ["MEDIUM", `${otherMachine} AND to_own_address > 0`],
    ],
    shows: [...shows, "to_own_address"],
    measure: "to_own_address",
    doubts: [],
    says: (row) =>
      `${packets(row.to_own_address)} for an address of this host came in on ${on(row)} with another machine's MAC address`,
    causes: ["a sender or gateway has an old neighbour entry", "two machines have the address"],
    advice: ["compare the destination MAC address of dropEvents(host, { headers: true }) with ip link"],
    verify: (row) => `await dropEvents(host, { seconds: 10${filter(row)}, headers: true })`,
  }),
  DROPS_OTHER: ofDrops({
    title: "packets are dropped for another reason",
    // What UDP's queue frees uncounted, the filter of a socket's owner refused.
    when: [at(...lossyPlaces.udpQueue), ...Object.values(when)]
      .map((one) => `NOT coalesce(${one}, false)`)
      .join(" AND "),
    says: (row) => `${reasonOf(row)} dropped what was on ${on(row)}`,
    causes: ["as the kernel's reason says"],
    advice: ["look at single drops with their stacks"],
  }),
  COUNTER_NIC: ofCounters({
    title: "a device counts errors or drops",
    when: "source IN ('link', 'nic') AND loss",
    causes: [
      "a ring of the NIC that is too short, damage on the wire, or drops that the kernel counts as the device's",
    ],
    advice: ["see ip -s -s link and ethtool -S; packets that a NIC drops are in no probe of the kernel"],
  }),
  COUNTER_BACKLOG: ofCounters({
    title: "a CPU drops packets before it looks at them",
    when: "source = 'softnet' AND loss",
    causes: ["one CPU gets all packets, or net.core.netdev_max_backlog is too low"],
    advice: ["see softnetCounters(host), and spread interrupts or RPS over more CPUs"],
  }),
  COUNTER_CHECKSUM: ofCounters({
    title: "packets come in damaged",
    when: "source = 'protocol' AND ends_with(\"counter\", 'InCsumErrors')",
    causes: ["damage in a cable, switch or NIC", "a sender or tunnel that computes it wrong"],
    advice: ["capture with checksums checked, on both ends of the wire"],
  }),
  COUNTER_LISTEN: ofCounters({
    title: "listening sockets have no room for new connections",
    when: "\"counter\" IN ('TcpExtListenOverflows', 'TcpExtListenDrops', 'TcpExtTCPReqQFullDrop')",
    causes: ["the process accepts connections too slowly", "a backlog that is too short, or a flood of SYNs"],
    advice: [
      "see which queue is full: listenSummary(host); net.core.somaxconn, net.ipv4.tcp_max_syn_backlog",
    ],
  }),
  COUNTER_CONNTRACK: ofCounters({
    title: "connection tracking drops packets",
    when: "source = 'conntrack' AND loss",
    causes: ["its table is full", "two packets of one new connection raced (insert_failed)"],
    advice: ["see conntrack -S and net.netfilter.nf_conntrack_max against nf_conntrack_count"],
  }),
  COUNTER_ROUTE: ofCounters({
    title: "there is no route for packets",
    when: "\"counter\" IN ('IpExtInNoRoutes', 'IpOutNoRoutes', 'Ip6InNoRoutes', 'Ip6OutNoRoutes')",
    causes: ["a route is missing, or a device that it goes over is down"],
    advice: ["see ip route get, in that network namespace"],
  }),
  COUNTER_REVERSE_PATH: ofCounters({
    title: "packets come from where their sender's route doesn't lead",
    when: "\"counter\" = 'TcpExtIPReversePathFilter'",
    causes: ["asymmetric routing with strict reverse path filtering", "forged source addresses"],
    advice: ["see net.ipv4.conf.*.rp_filter, and ip route get to the senders"],
  }),
  COUNTER_SWITCH: ofCounters({
    title: "Open vSwitch loses packets that it asks its daemon about",
    when: "source = 'ovs' AND loss",
    causes: ["more new flows than ovs-vswitchd can handle"],
    advice: ["see ovs-appctl upcall/show; fewer distinct flows, more handler threads"],
  }),
} satisfies Rules<DropSubject>;
