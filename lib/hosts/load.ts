/** How busy the network stack of a host was during a short look, per second. */
export interface NetworkLoad {
  /** Packets that the stack received, on all CPUs and in all namespaces, and sent on the interfaces of the host's own namespace. */
  packetsPerSecond: number;
  /** Of these, what the kernel's counters say was dropped; queueing disciplines and netfilter have counters of their own, which are not in it. */
  dropsPerSecond: number;
  /** TCP segments that the host's own namespace sent again, resets that it sent and got, and connections that it took; not there in recordings from before it was looked at. */
  resentPerSecond?: number;
}

/** First word of the line that {@link loadFunction} writes. */
export const loadWord = "skbook-load";

/** Counters of packets that the stack gave up (RFC 4293, RFC 4113 and Linux' own). */
const dropCounters = [
  "Ip.InHdrErrors",
  "Ip.InAddrErrors",
  "Ip.InUnknownProtos",
  "Ip.InDiscards",
  "Ip.OutDiscards",
  "Ip.OutNoRoutes",
  "IpExt.InNoRoutes",
  "Udp.NoPorts",
  "Udp.InErrors",
  "Tcp.InErrs",
  "TcpExt.ListenDrops",
  "TcpExt.TCPBacklogDrop",
  "TcpExt.TCPRcvQDrop",
  "TcpExt.IPReversePathFilter",
];

/** A connection that is taken begins with a state of congestion control; each loss changes it, and is sent again. */
const resentCounters = ["RetransSegs", "OutRsts", "EstabResets", "AttemptFails", "PassiveOpens"].map(
  (name) => `Tcp.${name}`,
);

/**
 * Adds up two looks at what the kernel counts, whose lines begin with what they are: `t` nanoseconds, `s` /proc/net/softnet_stat, `d` /proc/net/dev,
 * `c` /proc/net/snmp and netstat: for each protocol a line of names, then a line of values. Says packets, drops, and what befell TCP connections per second; nothing where there is
 * no time between the looks.
 */
export const loadAwk = [
  `BEGIN { n = split("${dropCounters.join(" ")}", all, " "); for (i = 1; i <= n; i++) wanted[all[i]] = 1; ` +
    `n = split("${resentCounters.join(" ")}", all, " "); for (i = 1; i <= n; i++) again[all[i]] = 1 }`,
  'function hex(s,  i, v) { for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return v }',
  '$1 == "t" { look++; time[look] = $2; named = ""; next }',
  '$1 == "s" { packets[look] += hex($2); drops[look] += hex($3); next }',
  '$1 == "d" && /:/ { sub(/^d */, ""); colon = index($0, ":"); device = substr($0, 1, colon - 1); split(substr($0, colon + 1), f, " "); ' +
    'if (device != "lo") { packets[look] += f[10]; drops[look] += f[4] + f[12] } next }',
  '$1 == "c" { if (named == $2) { for (i = 3; i <= NF; i++) { if (names[i] in wanted) drops[look] += $i; if (names[i] in again) resent[look] += $i } named = "" } ' +
    'else { named = $2; protocol = substr($2, 1, length($2) - 1); for (i = 3; i <= NF; i++) names[i] = protocol "." $i } }',
  "END { seconds = (time[2] - time[1]) / 1e9; if (look == 2 && seconds > 0) " +
    `printf "${loadWord} %.0f %.0f %.0f\\n", (packets[2] - packets[1]) / seconds, (drops[2] - drops[1]) / seconds, (resent[2] - resent[1]) / seconds }`,
].join("\n");

/** A shell function that looks for a tenth of a second, and writes the load on a line: `load "$awk"`. */
export const loadFunction =
  "look() { echo t $(date +%s%N); sed 's/^/s /' /proc/net/softnet_stat; sed 's/^/d /' /proc/net/dev; " +
  "cat /proc/net/snmp /proc/net/netstat | sed 's/^/c /'; }; " +
  'load() { { look; sleep 0.1 || sleep 1; look; } 2>/dev/null | awk "$1"; }';

/** The load, from that line without its first word; null where the host didn't say it. */
export function parseLoad(words: string): NetworkLoad | null {
  const [packetsPerSecond, dropsPerSecond, resentPerSecond] = words.split(" ").map(Number);
  if (packetsPerSecond === undefined || dropsPerSecond === undefined) return null;
  if (Number.isNaN(packetsPerSecond + dropsPerSecond + (resentPerSecond ?? 0))) return null;
  return { packetsPerSecond, dropsPerSecond, ...(resentPerSecond === undefined ? {} : { resentPerSecond }) };
}
