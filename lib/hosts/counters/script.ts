import { inEveryNamespace } from "../namespaces/index.js";
import { lossWords } from "./nics.js";
import { printUptime } from "./twice.js";

/** More NICs than these are not asked for their driver's counters. */
export const maxNics = 64;

/** What is read in each network namespace. Without JSON of ip, /proc/net/dev has the most important counters. */
const look = [
  `say "at.$1"; ${printUptime}`,
  'say "links.$1"; ip -s -s -j link show || cat /proc/net/dev; say "qdiscs.$1"; tc -s -j qdisc show',
  'say "snmp.$1"; cat /proc/net/snmp /proc/net/netstat; say "snmp6.$1"; cat /proc/net/snmp6',
  // The kernel's own file is not built in everywhere.
  'say "conntrack.$1"; cat /proc/net/stat/nf_conntrack || conntrack -S',
].join("; ");

/** Reads and changes nothing. */
export const countersScript = [
  "say uid; id -u; say began; date +%s%N",
  "say missing; for t in ip tc nsenter ethtool; do command -v $t >/dev/null || echo $t; done",
  inEveryNamespace(look),
  `say at; ${printUptime}; say softnet; cat /proc/net/softnet_stat`,
  `n=0; for d in /sys/class/net/*/device; do [ -e "$d" ] || continue; n=$((n+1)); [ $n -gt ${maxNics} ] && continue; ` +
    'd=${d%/device}; say "nic.${d##*/}"; timeout 5 ethtool -S "${d##*/}" | ' +
    `grep -iE '${lossWords}'; done; say nics; echo $n`,
  "say ovs; timeout 5 ovs-appctl dpctl/show | grep -E '^[^ ]|lookups:'",
  "say ended; date +%s%N",
].join("; ");
