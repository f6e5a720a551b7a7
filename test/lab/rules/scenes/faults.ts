import { before517, bothQuiet, type Scene } from "../scene.js";

const sinkHere = (name: string) => [
  `/mnt/background ${name}-sink $B $T sink`,
  "until $B ss -Hltn sport = 7 | grep -q .; do sleep 0.05; done",
];

/** Drops by what a machine's sockets do. */
const sockets: readonly Scene[] = [
  {
    name: "udp-closed",
    spares: [
      "TO_MANY",
      "PING_ANSWER",
      "OTHER_PROTOCOL",
      "CLOSED",
      "TCP_HANDLED",
      "TCP_DATA",
      "TCP_REFUSED",
      "TCP_UNTOLD",
    ],
    act: ["$A $T udp $b 5353 20"],
    finds: ["DROPS_NO_SOCKET"],
    decides: before517(["LOSSY_PLACE"], ["REASON"]),
  },
  {
    name: "tcp-closed",
    spares: ["ENDED"],
    act: ["$A $T connect $b 5353 20"],
    finds: ["DROPS_NO_SOCKET"],
    decides: before517(["TCP_OPEN"], ["REASON"]),
  },
  {
    name: "listen-full",
    put: [
      "$BG full $B $P serve 8080 never",
      "until $B ss -Hltn sport = 8080 | grep -q .; do sleep 0.05; done",
    ],
    act: ["$A $P knock $b 8080 20"],
    undo: ["$FG full"],
    // The kernel consumes what it drops there.
    finds: ["COUNTER_LISTEN"],
  },
  {
    name: "data-after-end",
    put: ["$BG end $B $P serve 8080 end", "until $B ss -Hltn sport = 8080 | grep -q .; do sleep 0.05; done"],
    act: ["$A $P ask $b 8080 5 insist"],
    undo: ["$FG end"],
    decides: { "5.10": ["TCP_DATA"], "6.1": ["TCP_DATA"], "6.12": ["ENDED"] },
  },
  {
    name: "socket-full",
    spares: ["SOCKET_FILTER"],
    put: [
      "$BG deaf $B $T deaf $b 4002 4096",
      "until $B ss -Hlun sport = 4002 | grep -q .; do sleep 0.05; done",
    ],
    act: ["$A $T udp $b 4002 60"],
    undo: ["$FG deaf"],
    finds: ["DROPS_SOCKET_FULL"],
    decides: before517(["LOSSY_PLACE"], ["REASON"]),
  },
];

/** Drops of what is damaged, or has nowhere to go. */
const ip: readonly Scene[] = [
  {
    name: "udp-checksum",
    act: ["$A $T crafted wrong-udp $a $b 20"],
    finds: ["COUNTER_CHECKSUM", "DROPS_CHECKSUM"],
    spares: ["DROPS_NO_SOCKET"],
  },
  {
    name: "ip-checksum",
    spares: ["OTHER_MACHINE"],
    act: ["$A $T wrong-header eth0 $macB $a $b 20"],
    finds: before517(["COUNTER_CHECKSUM", "DROPS_OTHER"], ["COUNTER_CHECKSUM", "DROPS_CHECKSUM"]),
    decides: before517(["WRONG_HEADER", "OTHER_MACHINE_OR_HEADER"], ["REASON"]),
  },
  {
    name: "no-route",
    put: ["$B sysctl -qw net.ipv4.ip_forward=1", "$A ip route add 10.99.0.0/16 via $b"],
    act: ["$A $T udp 10.99.0.1 9 20"],
    finds: ["DROPS_ROUTE", "COUNTER_ROUTE"],
    decides: before517(["LOSSY_PLACE"], []),
  },
  {
    name: "reverse-path",
    put: ["$B ip route add 10.66.0.0/16 dev lo", "$B sysctl -qw net.ipv4.conf.eth0.rp_filter=1"],
    act: ["$A $T crafted datagram 10.66.0.1 $b 20"],
    finds: ["DROPS_ROUTE", "COUNTER_REVERSE_PATH"],
    decides: before517(["LOSSY_PLACE"], ["REASON"]),
    spares: ["TO_MANY"],
  },
  {
    name: "no-neighbour",
    put: ["$A sysctl -qw net.ipv4.neigh.eth0.retrans_time_ms=100"],
    act: ["$A $T udp $net.99 9 3", "sleep 1"],
    finds: ["DROPS_ROUTE"],
    decides: before517(["LOSSY_PLACE"], ["REASON"]),
  },
  {
    name: "wrong-mac",
    put: ["$A ip neigh replace $b dev eth0 lladdr 02:00:00:00:00:99 nud permanent"],
    act: ["$A $T udp $b 9 20"],
    finds: ["DROPS_WRONG_MAC"],
    decides: ["OTHER_MACHINE"],
  },
  {
    name: "ttl",
    put: ["$B sysctl -qw net.ipv4.ip_forward=1", "$B ip route add 10.99.0.0/16 via $a"],
    act: ["$A $P packets eth0 $macB $a 10.99.0.1 20 1"],
    finds: ["DROPS_OTHER"],
  },
];

/** Drops of netfilter. */
const netfilter: readonly Scene[] = [
  {
    name: "nft-drop",
    put: [
      "$B nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c udp dport 8443 drop'",
    ],
    act: ["$A $T udp $b 8443 20"],
    finds: ["DROPS_FIREWALL"],
    decides: before517(["LOSSY_PLACE"], ["FIREWALL"]),
    spares: ["ICMP_HANDLED", "OTHER_MACHINE_OR_HEADER", "COUNTER_CONNTRACK"],
  },
  {
    name: "tc-ingress",
    put: [
      "$B tc qdisc add dev eth0 clsact",
      "$B tc filter add dev eth0 ingress protocol ip matchall action drop",
    ],
    act: ["$A $T udp $b 8443 20"],
    // The oldest kernel frees there as well what it has no protocol for.
    finds: before517([], ["DROPS_FIREWALL"]),
    decides: before517(["ON_ENTRY"], ["REASON"]),
    spares: ["OTHER_PROTOCOL"],
  },
  {
    name: "invalid",
    put: [
      "$B nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c ct state invalid drop'",
    ],
    act: ["$A $T crafted syn-fin $a $b 20"],
    finds: ["DROPS_FIREWALL"],
    decides: before517(["LOSSY_PLACE"], ["FIREWALL"]),
    spares: ["COUNTER_CONNTRACK"],
  },
  {
    name: "conntrack-full",
    put: [
      "$B nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c ct state new counter'",
      ...sinkHere("conntrack"),
      "sysctl -n net.netfilter.nf_conntrack_max > /run/lab/conntrack_max",
      // Should SSH suffer, too, so that nobody could undo it.
      "$BG limit sh -c 'sleep 20; sysctl -qw net.netfilter.nf_conntrack_max=$(cat /run/lab/conntrack_max)'",
      "sysctl -qw net.netfilter.nf_conntrack_max=$(($(conntrack -C) + 20))",
    ],
    // Its own host refuses the sender some, too.
    act: ["$A $T flows $b 7 $(($(conntrack -C) + 60)) || true"],
    undo: [
      "sysctl -qw net.netfilter.nf_conntrack_max=$(cat /run/lab/conntrack_max)",
      "$FG limit",
      "/mnt/finish conntrack-sink",
    ],
    finds: ["DROPS_FIREWALL", "COUNTER_CONNTRACK"],
  },
];

/** Drops of queues, tunnels and of what is behind a device. */
const devices: readonly Scene[] = [
  {
    name: "queue-full",
    put: [
      ...sinkHere("queue"),
      "$A ping -q -c 1 $b",
      "$A tc qdisc add dev eth0 root tbf rate 1mbit burst 2kb limit 10kb",
    ],
    act: ["$A $T udp $b 7 60 1000", "sleep 0.5"],
    undo: ["/mnt/finish queue-sink"],
    finds: ["DROPS_QUEUE"],
  },
  {
    name: "tunnel",
    put: [
      "$A ip link add vx0 type vxlan id 42 remote $b dstport 4789 dev eth0",
      "$B ip link add vx0 type vxlan id 43 remote $a dstport 4789 dev eth0",
      ...bothQuiet("vx0"),
      "$A ip addr add 10.88.0.1/24 dev vx0",
      "$A ip neigh add 10.88.0.2 dev vx0 lladdr 02:00:00:00:00:88",
    ],
    act: ["$A $T udp 10.88.0.2 9 20"],
    finds: ["DROPS_TUNNEL"],
    decides: before517(["LOSSY_PLACE"], []),
  },
  {
    name: "ring-full",
    put: [
      "$A ip tuntap add ring0 mode tap",
      "$A sysctl -qw net.ipv6.conf.ring0.disable_ipv6=1; $A ip link set ring0 txqueuelen 16 up",
      "$A ip addr add 10.89.0.1/24 dev ring0",
      "$A ip neigh add 10.89.0.2 lladdr 02:00:00:00:00:99 dev ring0",
      "$BG ring $A $T tap ring0",
      "until $A ip link show ring0 | grep -q LOWER_UP; do sleep 0.05; done",
    ],
    act: ["$A $T udp 10.89.0.2 9 60"],
    undo: ["$FG ring"],
    finds: ["DROPS_VIRTUAL", "COUNTER_NIC"],
  },
  {
    name: "backlog-full",
    put: [
      ...sinkHere("backlog"),
      "$A ping -q -c 1 $b",
      "$A tc qdisc add dev eth0 root netem delay 300ms",
      "sysctl -n net.core.netdev_max_backlog > /run/lab/backlog",
    ],
    act: [
      "sysctl -qw net.core.netdev_max_backlog=4",
      "$A $T udp $b 7 300",
      "sleep 1",
      "sysctl -qw net.core.netdev_max_backlog=$(cat /run/lab/backlog)",
    ],
    undo: ["sysctl -qw net.core.netdev_max_backlog=$(cat /run/lab/backlog)", "/mnt/finish backlog-sink"],
    finds: ["DROPS_VIRTUAL", "COUNTER_BACKLOG", "COUNTER_NIC"],
    wholeHost: ["COUNTER_BACKLOG"],
  },
];

export const faults: readonly Scene[] = [...sockets, ...ip, ...netfilter, ...devices];
