import type { ConnectOptions, Host } from "../../lib/index.js";
import { savedState } from "./images/state.js";
import type { KernelVersion } from "./kernels.js";
import { startMachine } from "./machine/machine.js";
import { reach } from "./reach.js";
import { type TopologyName, topologies } from "./topology/topology.js";

/** A virtualization host of its own: emulated, with machines around it; see topology/topology.ts. */
export interface Lab {
  host: Host;
  /** For `connect()`. */
  destination: string;
  options: ConnectOptions;
  /** For `ssh -F`. */
  config: string;
  kernel: KernelVersion;
  /** File with what its kernel said. */
  console: string;
  /** Of QEMU. */
  pid: number;
  /** Ends it and leaves nothing but the console's file; so does the end of this process, whatever ends it. */
  stop(): Promise<void>;
}

/** Restores a lab host, after building what is missing. Its clock is this machine's. */
export async function startLab(kernel: KernelVersion, topology: TopologyName = "switched"): Promise<Lab> {
  const state = await savedState(kernel, topologies[topology]);
  const machine = await startMachine(`${kernel}-${topology}`, state.parts, state.memory);
  try {
    const { host, ...reached } = await reach(`lab-${kernel}`, machine, state.folder);
    await host.exec(["date", "-s", `@${(Date.now() / 1_000).toFixed(3)}`]);
    return {
      host,
      ...reached,
      kernel,
      console: machine.console,
      pid: machine.pid,
      async stop() {
        await host.close();
        await machine.end();
      },
    };
  } catch (error) {
    await machine.end();
    throw error;
  }
}
