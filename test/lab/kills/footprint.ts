import type { Host } from "../../../lib/index.js";

/** What runs on a host and what its kernel holds for BPF and tracing, one thing a line, the same whenever it is the same. */
export type Footprint = readonly string[];

/** Sections of lines; the first line of `processes` is the shell that reads them. */
const script = [
  'echo "self $$"',
  "ps -ww -eo pid=,ppid=,args= | sed 's/^/process /'",
  "{ bpftool prog show; bpftool map show; bpftool link show; } | grep -E '^[0-9]+:' | sed 's/^/bpf /'",
  "find /sys/fs/bpf -mindepth 1 | sed 's/^/pinned /'",
  "cat /sys/kernel/tracing/kprobe_events /sys/kernel/tracing/uprobe_events | sed 's/^/event /'",
  "echo bpf_stats_enabled $(cat /proc/sys/kernel/bpf_stats_enabled)",
  "find /tmp /var/tmp /dev/shm /mnt /root -mindepth 1 | sed 's/^/file /'",
  // debugfs mounts tracefs below itself, for whoever looks there first.
  "grep -v ' /sys/kernel/debug/tracing ' /proc/mounts | sed 's/^/mount /'",
].join("; ");

/** Reads it over a connection of its own, whose processes don't count; nor do sshd's, which are the host's. */
export async function footprint(host: Host): Promise<Footprint> {
  const { stdout, exitCode, stderr } = await host.exec(["sh", "-c", script], { deadlineSeconds: 120 });
  if (exitCode !== 0) throw new Error(`the footprint of ${host.name} could not be read: ${stderr}`);
  const lines = stdout.trim().split("\n");
  const processes = lines.filter((line) => line.startsWith("process ")).map(parseProcess);
  const self = Number(lines.find((line) => line.startsWith("self "))?.slice("self ".length));
  const own = sessionOf(self, processes);
  const foreign = processes.filter(
    ({ pid, parent, command }) =>
      pid !== 2 && parent !== 2 && !command.startsWith("sshd: ") && !descends(pid, own, processes),
  );
  const rest = lines.filter((line) => !/^(process|self) /.test(line));
  return [...foreign.map(({ command }) => `process ${command.slice(0, 200)}`), ...rest].sort();
}

/** What is there now and was not before. */
export function added(before: Footprint, now: Footprint): string[] {
  const left = [...before];
  return now.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

interface Process {
  pid: number;
  parent: number;
  command: string;
}

function parseProcess(line: string): Process {
  const [, pid, parent, command = ""] = /^process +(\d+) +(\d+) (.*)$/.exec(line) ?? [];
  return { pid: Number(pid), parent: Number(parent), command };
}

function parentOf(pid: number, processes: readonly Process[]): Process | undefined {
  const parent = processes.find((one) => one.pid === pid)?.parent;
  return processes.find((one) => one.pid === parent);
}

/** The sshd process of the session that a process belongs to. */
function sessionOf(pid: number, processes: readonly Process[]): number {
  const parent = parentOf(pid, processes);
  if (parent === undefined) throw new Error("the reader belongs to no session of sshd");
  return parent.command.startsWith("sshd: ") ? parent.pid : sessionOf(parent.pid, processes);
}

function descends(pid: number, from: number, processes: readonly Process[]): boolean {
  const parent = parentOf(pid, processes);
  return parent !== undefined && (parent.pid === from || descends(parent.pid, from, processes));
}
