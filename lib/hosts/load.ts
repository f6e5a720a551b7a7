import type { Json } from "../cases/index.js";
import type { Host } from "./host.js";
import { readSections } from "./read-sections.js";
import type { Snapshot } from "./sections.js";

/** How busy the network stack of a host was during a short look, per second. */
export interface NetworkLoad {
  /** Packets that the stack received, on all CPUs and in all namespaces, and sent on the interfaces of the host's own namespace. */
  packetsPerSecond: number;
  /** Of these, what the kernel's counters say was dropped; queueing disciplines and netfilter have counters of their own, which are not in it. */
  dropsPerSecond: number;
}

const script =
  "look() { say $1.uptime; cat /proc/uptime; say $1.softnet; cat /proc/net/softnet_stat; say $1.devices; cat /proc/net/dev; " +
  "say $1.counters; cat /proc/net/snmp /proc/net/netstat; }; look before; sleep 0.5 || sleep 1; look after";

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

/**
 * Looks for half a second how busy a host's network stack is; null where it doesn't say.
 *
 * @param params what the look is for: a replay finds it by this.
 */
export async function readLoad(host: Host, params: { [key: string]: Json }): Promise<NetworkLoad | null> {
  return parseLoad(await readSections(host, "load", script, [], params));
}

export function parseLoad(sections: Snapshot): NetworkLoad | null {
  const [before, after] = [countersAt(sections, "before"), countersAt(sections, "after")];
  const seconds = after.uptime - before.uptime;
  if (!(seconds > 0) || Number.isNaN(after.packets - before.packets)) return null;
  return {
    packetsPerSecond: Math.round((after.packets - before.packets) / seconds),
    dropsPerSecond: Math.round((after.drops - before.drops) / seconds),
  };
}

function countersAt(sections: Snapshot, moment: string): { uptime: number; packets: number; drops: number } {
  const of = (name: string) => sections[`${moment}.${name}`] ?? "";
  const cpus = of("softnet")
    .split("\n")
    .map((line) => line.split(" ").map((word) => Number.parseInt(word, 16)));
  const devices = [...of("devices").matchAll(/^ *([^:\s]+):(.*)$/gm)]
    .filter(([, name]) => name !== "lo")
    .map(([, , numbers = ""]) => numbers.trim().split(/\s+/).map(Number));
  const counters = protocolCounters(of("counters"));
  return {
    uptime: Number.parseFloat(of("uptime")),
    packets: sum(cpus, 0) + sum(devices, 9),
    drops:
      sum(cpus, 1) +
      sum(devices, 3) +
      sum(devices, 11) +
      dropCounters.reduce((all, name) => all + (counters.get(name) ?? 0), 0),
  };
}

function sum(rows: readonly (readonly number[])[], column: number): number {
  return rows.reduce((all, row) => all + (row[column] ?? Number.NaN), 0);
}

/** /proc/net/snmp and netstat: for each protocol a line of names, then a line of values. */
function protocolCounters(text: string): Map<string, number> {
  const lines = text.split("\n").map((line) => line.split(" "));
  return new Map(
    lines.flatMap((names, index) => {
      const values = lines[index + 1] ?? [];
      if (index % 2 !== 0 || names[0] !== values[0]) return [];
      const protocol = (names[0] ?? "").slice(0, -1);
      return names
        .slice(1)
        .map((name, i): [string, number] => [`${protocol}.${name}`, Number(values[i + 1])]);
    }),
  );
}
