import type { Snapshot } from "../sections.js";
import type { VhostThread } from "./model.js";

/** What a process has open of a virtual machine's network. */
export interface OpenFiles {
  /** Interface name by descriptor of /dev/net/tun; several of one name are its queues. */
  taps: Map<number, string>;
  /** Interface index by descriptor of a macvtap's /dev/tapN. */
  macvtaps: Map<number, number>;
  vhost: number[];
  kvm: boolean;
}

/** Open files by process. */
export function openFiles({ files = "", taps = "" }: Snapshot): Map<number, OpenFiles> {
  const names = new Map(
    [...taps.matchAll(/^\/proc\/(\d+)\/fdinfo\/(\d+):iff:\s*(\S+)$/gm)].map(([, pid, fd, name]) => [
      `${pid} ${fd}`,
      name ?? "",
    ]),
  );
  const byProcess = new Map<number, OpenFiles>();
  for (const [, pid, fd, path = ""] of files.matchAll(/^\/proc\/(\d+)\/fd\/(\d+) (.*)$/gm)) {
    const open: OpenFiles = byProcess.get(Number(pid)) ?? {
      taps: new Map(),
      macvtaps: new Map(),
      vhost: [],
      kvm: false,
    };
    byProcess.set(Number(pid), open);
    const index = /\/tap(\d+)$/.exec(path)?.[1];
    const name = names.get(`${pid} ${fd}`);
    if (path.endsWith("kvm-vm")) open.kvm = true;
    else if (path.endsWith("/vhost-net")) open.vhost.push(Number(fd));
    else if (index !== undefined) open.macvtaps.set(Number(fd), Number(index));
    else if (name !== undefined) open.taps.set(Number(fd), name);
  }
  for (const open of byProcess.values()) open.vhost.sort((a, b) => a - b);
  return byProcess;
}

/** The threads of vhost by the process that they serve, in the order in which they were started. */
export function vhostThreads({ threads = "", cpus = "", stats = "" }: Snapshot): Map<number, VhostThread[]> {
  const tidOf = /\/(\d+)\/\w+:/;
  const allowed = new Map(
    cpus.split("\n").map((line) => [Number(tidOf.exec(line)?.[1]), line.slice(line.lastIndexOf("\t") + 1)]),
  );
  const started = new Map(
    [...stats.matchAll(/^(\d+) \(.*\) (.*)$/gm)].map(([, tid, rest = ""]) => [
      Number(tid),
      // Field 22 of proc_pid_stat(5); the third is the first here.
      Number(rest.split(" ")[19]),
    ]),
  );
  const byProcess = new Map<number, VhostThread[]>();
  for (const [, path = "", owner] of threads.matchAll(/^(\S+):vhost-(\d+)$/gm)) {
    const tid = Number(tidOf.exec(`${path}:`)?.[1]);
    // A thread of the process itself is its, whoever asked for it; one of the kernel has the owner in its name.
    const pid = Number(/^\/proc\/(\d+)\/task\//.exec(path)?.[1] ?? owner);
    const thread = { tid, cpus: allowed.get(tid) ?? null, started: started.get(tid) ?? 0 };
    byProcess.set(pid, [...(byProcess.get(pid) ?? []), thread]);
  }
  for (const own of byProcess.values()) own.sort((a, b) => a.started - b.started || a.tid - b.tid);
  return byProcess;
}
