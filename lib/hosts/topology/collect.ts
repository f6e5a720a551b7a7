import { inEveryNamespace } from "../namespaces/index.js";
import { shellLine } from "../shell.js";
import { domainFilter, optionsFilter, portsFilter } from "./filters.js";

/** Processes and open files beyond these are left out, and counted. */
export const limits = { processes: 512, files: 20_000 };

/** What is asked in each network namespace, whose inode is `$1`. */
const look = [
  'say "links.$1"; ip -j -d addr; say "nsids.$1"; ip -j netns list-id',
  // `*` is every device, in one process; an ethtool that doesn't know that answers for none.
  "say \"offloads.$1\"; ethtool -k '*' | grep -E '^(Features for|tcp-seg|generic-|large-|[rt]x-checksumming)'",
].join("; ");

const quoted = (text: string) => shellLine([text]);

/** Reads and changes nothing; what isn't there, or needs root, stays empty. */
export const topologyScript = [
  "say uid; id -u; say began; date +%s%N",
  "say missing; for t in ip nsenter ethtool ovs-vsctl; do command -v $t >/dev/null || echo $t; done",
  inEveryNamespace(look),
  "say drivers; find /sys/class/net/*/device/driver -maxdepth 0 -printf '%h %l\\n'",
  "say speeds; grep -Hs . /sys/class/net/*/speed",
  "fds=$(timeout 10 find /proc/[0-9]*/fd -maxdepth 1 \\( -lname '*/net/tun' -o -lname '*/vhost-net' -o -lname '/dev/tap[0-9]*' " +
    `-o -lname anon_inode:kvm-vm \\) -printf '%p %l\\n' | head -n ${limits.files}); say files; echo "$fds"`,
  "say taps; echo \"$fds\" | sed -n 's#^\\(/proc/[0-9]*/\\)fd\\(/[0-9]*\\) .*/net/tun$#\\1fdinfo\\2#p' | xargs -r grep -Hs '^iff:'",
  "pids=$({ echo \"$fds\"; grep -lsE '^(qemu-|kvm$)' /proc/[0-9]*/comm; } | cut -d/ -f3 | grep . | sort -nu); " +
    "say pids; echo $pids",
  `options=${quoted(optionsFilter)}; for pid in $(echo "$pids" | head -n ${limits.processes}); do ` +
    'say "process.$pid"; comm=$(cat /proc/$pid/comm); echo "comm $comm"; echo "netns $(readlink /proc/$pid/ns/net | tr -dc 0-9)"; ' +
    "case $comm in qemu*|kvm) tr '\\0\\n\\036\\037' '\\n   ' </proc/$pid/cmdline | awk \"$options\";; esac; done",
  // Threads of the kernel before Linux 6.4, of the process since.
  "threads=$(grep -Hs '^vhost-' /proc/[0-9]*/comm; for pid in $pids; do grep -Hs '^vhost-' /proc/$pid/task/*/comm; done); " +
    'say threads; echo "$threads"',
  "say cpus; echo \"$threads\" | sed -n 's#/comm:.*#/status#p' | xargs -r grep -Hs '^Cpus_allowed_list:'",
  "say stats; echo \"$threads\" | sed -n 's#/comm:.*#/stat#p' | xargs -r cat",
  `for f in /run/libvirt/qemu/*.xml; do [ -e "$f" ] && { say "libvirt.$f"; sed -n ${quoted(domainFilter)} "$f"; }; done`,
  "db() { ovs-vsctl --timeout=5 --format=json --columns=$1 list $2; }",
  "say ovs.bridges; db name,ports,datapath_type Bridge; say ovs.ports; db _uuid,name,interfaces,tag,bond_mode Port",
  "say ovs.interfaces; db _uuid,name,type Interface",
  `say ovs.datapaths; timeout 5 ovs-appctl dpif/show | awk ${quoted(portsFilter)}`,
  "say ended; date +%s%N",
].join("; ");
