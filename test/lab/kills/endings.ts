import type { Host } from "../../../lib/index.js";
import type { Notebook } from "./notebook.js";

/** A way in which a measurement is cut off before its time. */
export interface Ending {
  /** What the cell asks for, in seconds. */
  seconds: number;
  attachSeconds: number;
  /** Cuts it off. `host` is another connection to where it runs. */
  cut(notebook: Notebook, host: Host): Promise<void>;
  /** Gives back what cutting it off has taken, once nothing is left. */
  mend?(host: Host): Promise<void>;
}

const long = { seconds: 300, attachSeconds: 240 };

async function shell(host: Host, line: string): Promise<void> {
  const { exitCode, stderr } = await host.exec(["sh", "-euc", line], { deadlineSeconds: 120 });
  if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
}

/** Shell text: `own` is the sshd process of the connection over which this is said. */
const ownSshd =
  "own=$$; while [ \"$(cat /proc/$own/comm)\" != sshd ]; do own=$(awk '{ print $4 }' /proc/$own/stat); done";

/** Shell text: `tools` prints the pids of what measures. */
const tools =
  'tools() { ps -eo pid=,comm=,args= | awk \'$2 == "bpftrace" && / -f json / || $2 == "tcpdump" && / -w / { print $1 }\'; }';

/** Waits until what measures has been started on the host. */
export function toolRuns(host: Host): Promise<void> {
  return shell(host, `${tools}; until [ -n "$(tools)" ]; do sleep 0.2; done`);
}

/** By name. */
export const endings = {
  /** Packets of its connection are dropped in both directions, and nobody is told. */
  firewall: {
    ...long,
    cut: (_, host) =>
      shell(
        host,
        [
          "own=$(echo $SSH_CLIENT | cut -d' ' -f2)",
          "nft add table inet kills",
          'for hook in input output; do nft "add chain inet kills $hook { type filter hook $hook priority -500; }"; done',
          "nft add rule inet kills input tcp dport 22 tcp sport != $own drop",
          "nft add rule inet kills output tcp sport 22 tcp dport != $own drop",
        ].join("\n"),
      ),
    mend: (host) => shell(host, "nft delete table inet kills"),
  },
  kernelKilled: {
    ...long,
    cut: async (notebook) => signal(notebook.kernel(), "SIGKILL"),
  },
  /** Longer than the lease: it is over when nothing is left on the host. */
  kernelFrozen: {
    ...long,
    cut: async (notebook) => signal(notebook.kernel(), "SIGSTOP"),
  },
  sshdKilled: {
    ...long,
    cut: (_, host) =>
      shell(
        host,
        `${ownSshd}; for pid in $(pgrep -f '^sshd: root'); do [ $pid = $own ] || kill -s KILL $pid || :; done`,
      ),
  },
  /** What measures hangs, and the deadline passes. */
  deadline: {
    seconds: 8,
    attachSeconds: 4,
    cut: (_, host) => shell(host, `${tools}; for pid in $(tools); do kill -s STOP $pid || :; done`),
  },
  interrupt: {
    ...long,
    cut: async (notebook) => signal(notebook.pid, "SIGINT"),
  },
} satisfies Record<string, Ending>;

export type EndingName = keyof typeof endings;

export const endingNames = Object.keys(endings) as EndingName[];

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error("the notebook's kernel is not there any more");
  process.kill(pid, name);
}
