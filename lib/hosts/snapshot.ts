import type { Host } from "./host.js";
import { ownConnectionScript } from "./own-connection.js";
import { readSections } from "./read-sections.js";
import type { Snapshot } from "./sections.js";
import { syncScript } from "./sync.js";

/** What has to be asked as root stays empty where the user can't become root. */
const script = [
  "say uid; id -u; say netns; stat -Lc %i /proc/self/ns/net",
  "say kernel; uname -r; say machine; uname -m",
  "say os; cat /etc/os-release",
  "say btf; ls /sys/kernel/btf/vmlinux; say btf.sha256; sha256sum < /sys/kernel/btf/vmlinux | cut -d' ' -f1",
  "say tracing; for d in /sys/kernel/tracing /sys/kernel/debug/tracing; do [ -d $d/events ] && { echo $d; break; }; done",
  "say kprobes; for d in /sys/kernel/tracing /sys/kernel/debug/tracing; do [ -e $d/kprobe_events ] && { echo yes; break; }; done",
  "say uprobes; for d in /sys/kernel/tracing /sys/kernel/debug/tracing; do [ -e $d/uprobe_events ] && { echo yes; break; }; done",
  "say lockdown; cat /sys/kernel/security/lockdown",
  "say kptr_restrict; cat /proc/sys/kernel/kptr_restrict",
  "say clocksource; cat /sys/devices/system/clocksource/clocksource0/current_clocksource",
  syncScript,
  "of() { command -v $1 && $1 --version | head -n 2; }; say tool.bpftrace",
  // What `command -v` says of a path differs by shell.
  'if [ -z "$1" ]; then of bpftrace; elif [ -f "$1" ] && [ -x "$1" ]; then echo "$1"; "$1" --version | head -n 2; fi',
  "for t in tshark dumpcap tcpdump bpftool ovs-vsctl virsh; do say tool.$t; of $t; done",
  "say links; ip -j -d link show",
  "say ovs.datapaths; ovs-vsctl --timeout=3 --no-headings --format=csv --columns=datapath_type list Bridge",
  ownConnectionScript,
].join("; ");

/** Seconds where bpftrace is begun for the first time on a busy host, while others are asked, too. */
const deadlineSeconds = 60;

/**
 * Asks a host for what never changes during a session; recorded, so that a case carries it.
 *
 * @param given.btfGiven whether a file of its kernel's BTF was given to connect(): noted in the case, which has no such file.
 * @param given.bpftrace the path that was given to connect(): undefined for the first on the PATH.
 */
export async function takeSnapshot(
  host: Host,
  { btfGiven, bpftrace }: { btfGiven: boolean; bpftrace: string | undefined },
): Promise<Snapshot> {
  const given = [
    ...(btfGiven ? ["say btf.given; echo yes"] : []),
    ...(bpftrace === undefined ? [] : ['say bpftrace.given; echo "$1"']),
  ];
  const args = bpftrace === undefined ? [] : [bpftrace];
  return readSections(host, "host", [...given, script].join("; "), args, {}, { deadlineSeconds });
}
