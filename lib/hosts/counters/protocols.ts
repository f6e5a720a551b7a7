import type { Counter } from "./counter.js";

/** Values of the present, not counts. */
const gauges = new Set([
  ...[
    "IpForwarding",
    "IpDefaultTTL",
    "TcpRtoAlgorithm",
    "TcpRtoMin",
    "TcpRtoMax",
    "TcpMaxConn",
    "TcpCurrEstab",
  ],
]);

/** Names of RFC 1213, 2013, 4022, 4113 and of Linux for what was dropped or damaged here. */
const loss =
  /(Discards|Errors|Errs|NoRoutes|NoPorts|UnknownProtos|ReasmFails|FragFails|TruncatedPkts|Overflows?|Drop|Drops|Dropped|Pruned|PAWSActive|PAWSEstab|Rejected)$/;

const perPacket = /^(Ip|Icmp|Udp)|Segs$|Drop$|Drops$|Pruned$/;

/** Counters of /proc/net/snmp and netstat (a line of names, then one of values) and of /proc/net/snmp6 (one on a line). */
export function protocolCounters(netns: string, snmp: string, snmp6: string): Counter[] {
  const pairs = [...snmp.matchAll(/^(\w+): (\D.*)\n\1: (.*)$/gm)].flatMap(
    ([, group = "", names = "", values = ""]) => {
      const list = values.split(" ");
      return names.split(" ").map((name, index): [string, string] => [group + name, list[index] ?? ""]);
    },
  );
  const own = [...snmp6.matchAll(/^(\w+)\s+(\d+)$/gm)].map(([, name = "", value = ""]): [string, string] => [
    name,
    value,
  ]);
  return [...pairs, ...own].flatMap(([name, value]): Counter[] => {
    if (gauges.has(name) || !/^\d+$/.test(value)) return [];
    return [
      {
        ...{ source: "protocol", netns, subject: null, name, value: BigInt(value) },
        unit: name.endsWith("Octets") ? "bytes" : perPacket.test(name) ? "packets" : "events",
        loss: loss.test(name),
        bits: 64,
        identity: "",
      },
    ];
  });
}
